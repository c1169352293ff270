//! Guessing, from a file's headings alone, which table it is for and which column is which: synonyms in English and
//! Chinese. Only exact synonyms count, so that a guess is either plainly right or not made.

use domain::TableSpec;

use super::mapping::Expression;
use super::units;

/// Table (empty for any), column, headings in lower case without spaces and punctuation.
type Synonyms = (&'static str, &'static str, &'static [&'static str]);

static SYNONYMS: &[Synonyms] = &[
    (
        "",
        "product_id",
        &[
            "productid",
            "product",
            "sku",
            "skuid",
            "itemid",
            "item",
            "productkey",
            "stockcode",
            "asin",
            "movieid",
            "goodsid",
            "商品编号",
            "商品id",
            "商品编码",
            "产品编号",
            "货号",
            "sku编号",
            "商品",
        ],
    ),
    (
        "",
        "customer_id",
        &[
            "customerid",
            "customer",
            "userid",
            "user",
            "visitorid",
            "customerkey",
            "memberid",
            "clientid",
            "buyerid",
            "uid",
            "客户编号",
            "客户id",
            "用户编号",
            "用户id",
            "会员编号",
            "会员id",
            "会员号",
            "买家id",
            "用户",
            "客户",
        ],
    ),
    (
        "",
        "order_id",
        &[
            "orderid",
            "order",
            "ordernumber",
            "orderno",
            "invoiceno",
            "invoice",
            "transactionid",
            "订单编号",
            "订单号",
            "订单id",
        ],
    ),
    (
        "orders",
        "ordered_at",
        &[
            "orderedat",
            "orderdate",
            "ordertime",
            "date",
            "datetime",
            "timestamp",
            "invoicedate",
            "purchasedate",
            "createdat",
            "time",
            "下单时间",
            "订单时间",
            "订单日期",
            "下单日期",
            "购买时间",
            "日期",
            "时间",
            "付款时间",
        ],
    ),
    (
        "",
        "at",
        &[
            "at",
            "time",
            "timestamp",
            "eventtime",
            "actiontime",
            "datetime",
            "date",
            "createdat",
            "时间",
            "日期",
            "行为时间",
            "发生时间",
            "评论时间",
            "评价时间",
        ],
    ),
    (
        "",
        "kind",
        &[
            "kind",
            "eventtype",
            "event",
            "type",
            "action",
            "behavior",
            "behaviour",
            "actiontype",
            "行为",
            "行为类型",
            "事件",
        ],
    ),
    ("", "session_id", &["sessionid", "session", "usersession", "visitid", "会话", "会话id"]),
    ("", "value", &["value", "rating", "stars", "score", "评分", "星级"]),
    (
        "",
        "quantity",
        &["quantity", "qty", "quantityordered", "units", "count", "amount", "数量", "购买数量", "件数", "销量"],
    ),
    (
        "orders",
        "unit_price_cents",
        &[
            "unitpricecents",
            "unitprice",
            "price",
            "priceeach",
            "itemprice",
            "sellingprice",
            "单价",
            "价格",
            "售价",
            "成交价",
            "商品单价",
        ],
    ),
    ("", "discount_cents", &["discountcents", "discount", "优惠", "折扣", "优惠金额"]),
    (
        "",
        "price_cents",
        &["pricecents", "price", "unitprice", "listprice", "sellingprice", "价格", "售价", "单价", "标价", "零售价"],
    ),
    ("", "cost_cents", &["costcents", "cost", "unitcost", "成本", "成本价", "进价", "费用"]),
    (
        "",
        "name",
        &[
            "name",
            "productname",
            "title",
            "itemname",
            "description",
            "商品名称",
            "产品名称",
            "名称",
            "商品名",
            "品名",
            "标题",
        ],
    ),
    ("", "brand", &["brand", "brandname", "manufacturer", "company", "vendor", "品牌", "厂商", "制造商"]),
    ("", "category", &["category", "categorycode", "categoryname", "cate", "类目", "品类", "分类", "类别", "商品分类"]),
    ("", "launched_on", &["launchedon", "launchdate", "releasedate", "上市时间", "上市日期", "发布日期"]),
    ("", "retired_on", &["retiredon", "retiredate", "discontinuedon", "下架日期", "停产日期"]),
    ("", "predecessor_id", &["predecessorid", "predecessor", "前代", "上一代"]),
    ("", "stock", &["stock", "inventory", "instock", "库存", "库存量"]),
    ("", "description", &["description", "details", "描述", "商品描述", "详情", "简介"]),
    ("", "image_url", &["imageurl", "image", "picture", "图片", "图片链接", "主图"]),
    (
        "",
        "joined_on",
        &["joinedon", "joined", "registered", "registeredon", "signupdate", "userregtm", "注册时间", "注册日期"],
    ),
    ("", "birth_year", &["birthyear", "yearofbirth", "出生年", "出生年份"]),
    ("", "gender", &["gender", "sex", "性别"]),
    ("", "region", &["region", "state", "province", "country", "省份", "省", "地区", "区域"]),
    ("", "city", &["city", "town", "城市", "市"]),
    ("", "first_channel", &["firstchannel", "source", "acquisitionchannel", "首次渠道", "注册渠道"]),
    ("", "consent", &["consent", "optin", "同意"]),
    ("", "store", &["store", "storeid", "storekey", "shop", "branch", "门店", "店铺"]),
    ("", "channel", &["channel", "platform", "渠道", "平台"]),
    ("", "campaign_id", &["campaignid", "campaign", "活动编号", "活动id", "活动"]),
    ("", "query", &["query", "searchterm", "keyword", "搜索词", "关键词"]),
    ("", "review_id", &["reviewid", "评论id", "评价编号"]),
    ("", "stars", &["stars", "rating", "score", "overall", "评分", "星级"]),
    (
        "reviews",
        "text",
        &["text", "review", "reviewtext", "content", "comment", "body", "评论", "评价", "评论内容", "评价内容"],
    ),
    ("", "text", &["text", "body", "content", "正文", "内容"]),
    ("", "arm", &["arm", "variant", "group", "treatment", "分组", "实验组"]),
    ("", "propensity", &["propensity", "probability", "倾向"]),
    ("", "responded", &["responded", "response", "converted", "是否响应"]),
    ("", "revenue_cents", &["revenuecents", "revenue", "收入"]),
    ("", "day", &["day", "date", "日期"]),
    ("", "spend_cents", &["spendcents", "spend", "cost", "花费", "投放金额", "消耗"]),
    ("", "impressions", &["impressions", "views", "曝光", "曝光量"]),
    ("", "clicks", &["clicks", "点击", "点击量"]),
    ("", "document_id", &["documentid", "docid", "id", "文档编号"]),
    ("", "title", &["title", "subject", "标题"]),
    ("", "product_ids", &["productids", "products", "skus", "适用商品"]),
    ("", "source", &["source", "url", "link", "来源"]),
    ("", "version", &["version", "revision", "版本"]),
    ("", "question", &["question", "q", "prompt", "ask", "问题", "提问", "问", "标准问题", "标准问"]),
    ("", "answer", &["answer", "a", "response", "reply", "答案", "回答", "答复", "答", "标准答案"]),
    (
        "",
        "variants",
        &["variants", "similar", "similarquestions", "synonyms", "相似问题", "相似问", "相似问法", "其他问法"],
    ),
    ("", "answer_en", &["answeren", "answerenglish", "englishanswer", "英文答案", "英文回答"]),
    ("", "is_on", &["ison", "on", "active", "enabled", "启用", "是否启用"]),
    ("", "answer_id", &["answerid", "qaid", "faqid", "id", "编号", "问答编号"]),
    (
        "deliveries",
        "status",
        &[
            "status",
            "state",
            "orderstatus",
            "deliverystatus",
            "shippingstatus",
            "状态",
            "订单状态",
            "物流状态",
            "配送状态",
        ],
    ),
    (
        "deliveries",
        "updated_at",
        &["updatedat", "updated", "updatetime", "statustime", "time", "date", "更新时间", "状态时间", "时间"],
    ),
    ("", "carrier", &["carrier", "courier", "shipper", "快递公司", "物流公司", "承运商", "快递"]),
    (
        "",
        "tracking_number",
        &["trackingnumber", "trackingno", "tracking", "waybill", "快递单号", "物流单号", "运单号", "运单编号"],
    ),
    (
        "",
        "expected_on",
        &["expectedon", "expecteddelivery", "estimateddelivery", "eta", "预计送达", "预计到达", "预计送达时间"],
    ),
    ("", "delivered_on", &["deliveredon", "deliveredat", "deliverydate", "签收时间", "签收日期", "送达时间"]),
    ("", "with_product_id", &["withproductid", "fitsproductid", "适配商品"]),
    ("", "attribute", &["attribute", "属性"]),
    ("", "specs", &["specs", "specifications", "attributes", "参数", "规格", "规格参数"]),
];

/// What shops call the states of an order, and ours.
const STATUSES: &[(&str, &[&str])] = &[
    ("placed", &["Placed", "pending", "Pending", "unpaid", "待付款", "待支付", "已下单", "未付款"]),
    ("paid", &["Paid", "processing", "Processing", "confirmed", "已付款", "已支付", "待发货", "待处理"]),
    ("packed", &["Packed", "ready", "已打包", "已出库", "备货中"]),
    (
        "shipped",
        &["Shipped", "in_transit", "In transit", "in transit", "dispatched", "已发货", "运输中", "在途", "待收货"],
    ),
    ("out_for_delivery", &["Out for delivery", "out for delivery", "派送中", "派件中", "配送中"]),
    ("delivered", &["Delivered", "completed", "Completed", "已签收", "已收货", "已完成", "已送达", "交易成功"]),
    ("cancelled", &["Cancelled", "canceled", "Canceled", "已取消", "交易关闭", "已关闭"]),
    ("returned", &["Returned", "refunded", "Refunded", "已退货", "已退款", "退货完成"]),
];

/// A column's heading as it is mapped: amounts under a heading that says cents are cents, as in what `tercet sql` writes;
/// words for an order's state are understood.
fn mapped(table: &TableSpec, column: &str, heading: &str) -> Expression {
    let own = Expression::column(heading);
    if column.ends_with("_cents") && units::plain_name(heading).ends_with("cents") {
        let by = Box::new(Expression::Constant("100".to_owned()));
        return Expression::Scale { of: Box::new(own), by, divide: true };
    }
    if (table.name, column) != ("deliveries", "status") {
        return own;
    }
    let pairs =
        STATUSES.iter().flat_map(|(status, words)| words.iter().map(|word| (word.to_string(), status.to_string())));
    Expression::Values { of: Box::new(own), map: pairs.collect(), otherwise: None }
}

/// Whether a column is made where the source has none.
pub fn is_made(table: &TableSpec, column: &str) -> bool {
    matches!((table.name, column), ("knowledge", "version") | ("answers", "answer_id"))
}

/// What a column is made of where the source has none: the version of a document from its text, the id of an answer from
/// its question, so that importing it again replaces it.
pub fn made(table: &TableSpec, column: &str, columns: &[(String, Expression)]) -> Option<Expression> {
    let of = |name: &str| columns.iter().find(|(found, _)| found == name).map(|(_, e)| Box::new(e.clone()));
    match (table.name, column) {
        ("knowledge", "version") => Some(Expression::Hash { of: of("text")?, prefix: String::new() }),
        ("answers", "answer_id") => {
            let of = Box::new(Expression::Plain(of("question")?));
            Some(Expression::Hash { of, prefix: "q-".to_owned() })
        }
        _ => None,
    }
}

/// A guess at a mapping.
#[derive(Clone, Debug, Default)]
pub struct Guess {
    /// Column of the table and expression.
    pub columns: Vec<(String, Expression)>,
    /// Attribute and expression: headings of products that are known attributes.
    pub specs: Vec<(String, Expression)>,
    /// Required columns nothing was found for.
    pub missing: Vec<&'static str>,
}

/// Which heading is which column of `table`. The heading that comes first among a column's synonyms wins; a heading
/// serves one column.
pub fn guess(table: &'static TableSpec, header: &[String]) -> Guess {
    let plain: Vec<String> = header.iter().map(|heading| units::plain_name(heading)).collect();
    let mut used = vec![false; header.len()];
    let mut guess = Guess::default();
    // Required columns choose first.
    let (required, optional): (Vec<&domain::Column>, Vec<&domain::Column>) =
        table.columns.iter().partition(|column| column.required);
    // What was kept aside before is kept beside what this file has besides.
    let optional = optional.into_iter().filter(|column| column.kind != domain::ColumnKind::Json);
    for column in required.into_iter().chain(optional) {
        let own = units::plain_name(column.name);
        let synonyms = synonyms(table.name, column.name);
        let found = std::iter::once(own.as_str())
            .chain(synonyms.iter().copied())
            .find_map(|synonym| (0..header.len()).find(|&i| !used[i] && plain[i] == synonym));
        match found {
            Some(index) => {
                used[index] = true;
                guess.columns.push((column.name.to_owned(), mapped(table, column.name, &header[index])));
            }
            None if column.required && !is_made(table, column.name) => guess.missing.push(column.name),
            None => {}
        }
    }
    if table.name == "products" {
        for (i, heading) in header.iter().enumerate().filter(|(i, _)| !used[*i]).collect::<Vec<_>>() {
            if let Some(attribute) = units::attribute_name(heading)
                && !guess.specs.iter().any(|(name, _)| name == attribute)
            {
                used[i] = true;
                guess.specs.push((attribute.to_owned(), Expression::column(heading)));
            }
        }
    }
    guess
}

fn synonyms(table: &str, column: &str) -> &'static [&'static str] {
    let exact = SYNONYMS.iter().find(|(of, name, _)| *of == table && *name == column);
    exact.or_else(|| SYNONYMS.iter().find(|(of, name, _)| of.is_empty() && *name == column)).map_or(&[], |(_, _, s)| s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_recognised() {
        let check = |table: &str, header: &[&str], expected: &str| {
            let header: Vec<String> = header.iter().map(|heading| heading.to_string()).collect();
            let guess = guess(TableSpec::named(table).unwrap(), &header);
            let all = guess.columns.iter().chain(&guess.specs);
            let mut found: Vec<String> = all.map(|(name, e)| format!("{name}={}", e.describe())).collect();
            found.sort();
            assert_eq!((found.join(" "), guess.missing.join(" ")), (expected.to_owned(), String::new()), "{header:?}");
        };
        check(
            "orders",
            &["订单号", "用户ID", "商品编号", "数量", "单价", "下单时间", "备注"],
            "customer_id=用户ID order_id=订单号 ordered_at=下单时间 product_id=商品编号 quantity=数量 unit_price_cents=单价",
        );
        check(
            "events",
            &["event_time", "event_type", "product_id", "price", "user_id", "user_session"],
            "at=event_time customer_id=user_id kind=event_type price_cents=price product_id=product_id session_id=user_session",
        );
        check(
            "events",
            &["at", "kind", "product_id", "price_cents", "customer_id"],
            "at=at customer_id=customer_id kind=kind price_cents=price_cents ÷ \"100\" product_id=product_id",
        );
        check(
            "products",
            &["SKU", "商品名称", "品牌", "价格", "内存", "Weight"],
            "brand=品牌 memory=内存 name=商品名称 price_cents=价格 product_id=SKU weight=Weight",
        );
        check(
            "deliveries",
            &["订单号", "订单状态", "更新时间", "快递公司", "运单号", "备注"],
            "carrier=快递公司 order_id=订单号 status=订单状态 tracking_number=运单号 updated_at=更新时间",
        );
        check("answers", &["问题", "答案", "相似问法"], "answer=答案 question=问题 variants=相似问法");
        let header = ["foo".to_owned()];
        let missing = guess(TableSpec::named("customers").unwrap(), &header).missing;
        assert_eq!(missing, ["customer_id"]);
    }

    #[test]
    fn synonyms_name_columns_that_exist() {
        for (table, column, synonyms) in SYNONYMS {
            let exists =
                domain::table::ALL.iter().any(|t| (table.is_empty() || t.name == *table) && t.column(column).is_some());
            assert!(exists, "{table}.{column}");
            for synonym in *synonyms {
                assert_eq!(&units::plain_name(synonym), synonym);
            }
        }
    }
}
