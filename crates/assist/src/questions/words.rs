//! What the words of questions mean, in Chinese and English. Longest first; what has no meaning for a figure is said to have none.

use super::measures::{Dimension, Measure};

/// What a word may mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sense {
    Measure(Measure),
    Dim(Dimension),
    /// Values of the shop.
    Value(Dimension, Vec<String>),
    By,
    Which,
    /// Held against another.
    Versus,
    Previous,
    YearBefore,
    Desc,
    Asc,
    /// What sells best or worst.
    BestSelling,
    WorstSelling,
    /// The good end, which for returns is the least.
    Better,
    Worse,
    /// From then on.
    Since,
    /// What no figure answers, such as a maker that the shop has nothing of: it is named, and not taken for a slip of another word.
    Foreign,
    Share,
    Growth,
    Decline,
    Trend,
    Top(usize),
    And,
    To,
    /// Without what follows, and without what stands before.
    Except,
    ExceptBefore,
    /// A mean of what is named beside it.
    Average,
    /// The same in one word with what it is of: "average orders" are no average order.
    AverageOf(Measure),
    /// For each of these.
    Per(Each),
    /// The end that comes first; "worst first".
    First,
    From,
    HowMany,
    Sold,
    Ordered,
    Cue,
    Goal(Goal),
    /// The place of something that no table tells.
    Absent(usize),
    Nothing,
}

/// What a figure is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Day,
    Order,
    Customer,
    Unit,
}

/// Where a question leads that no figure answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Decisions,
    Budget,
    Forecast,
    Prices,
    Audiences,
    Opinions,
    Customers,
}

use Dimension as D;
use Goal as G;
use Measure as M;

/// Words by what they mean, separated by `|`; English ones in the singular, without articles.
pub(super) fn table() -> Vec<(&'static str, Sense)> {
    let mut all = Vec::new();
    all.extend(MEASURES.iter().map(|(words, measure)| (*words, Sense::Measure(*measure))));
    all.extend(DIMENSIONS.iter().map(|(words, dimension)| (*words, Sense::Dim(*dimension))));
    all.extend(GOALS.iter().map(|(words, goal)| (*words, Sense::Goal(*goal))));
    all.extend(ABSENT.iter().enumerate().map(|(at, (words, ..))| (*words, Sense::Absent(at))));
    let other: &[(&str, Sense)] = &[
        (
            "按照|按|分|每个|每一个|每一|不同|各个|各|每|by|per|for each|each|every|different|broken down by|split by|grouped by|group by",
            Sense::By,
        ),
        ("哪个|哪些|哪一个|哪家|哪几个|什么|哪款|哪种|哪一天|which|what|whose", Sense::Which),
        (
            "对比|相比|比较|比起|与|跟|同|比|vs|versus|against|compared to|compared with|compare|relative to|than",
            Sense::Versus,
        ),
        (
            "环比|与上期相比|month over month|week over week|mom|wow|the period before|previous period|before that",
            Sense::Previous,
        ),
        (
            "同比|去年同期|上年同期|与去年同期相比|和去年同期比|year over year|year on year|yoy|same time last year|same period last year|same period of last year|same time of last year|the year before|year before|a year before|prior year|a year ago|a year earlier",
            Sense::YearBefore,
        ),
        (
            "最高|最多|最大|最强|高|higher|greater|larger|最热门|从高到低|降序|排名|排行|排行榜|highest|most|largest|biggest|ranking|rank|ranked|descending|leading|strongest",
            Sense::Desc,
        ),
        (
            "最低|最少|最小|最弱|低|lower|fewer|smaller|从低到高|升序|倒数|垫底|lowest|least|fewest|smallest|ascending|weakest|bottom",
            Sense::Asc,
        ),
        (
            "卖得最好|最喜欢买|最喜欢|最爱买|最受欢迎|most popular|卖的最好|最好卖|最畅销|畅销|热销|卖得最多|卖的最多|爆款|best selling|best-selling|bestselling|bestseller|best seller|sell best|sold best|sell most|sold most|sell the most|sold the most|top selling|top-selling|most sold|top seller",
            Sense::BestSelling,
        ),
        (
            "卖得最差|卖的最差|最滞销|滞销|卖不动|卖得最少|worst selling|worst-selling|sell worst|sold worst|sell least|sold least|slowest selling|sold the least|slow moving",
            Sense::WorstSelling,
        ),
        (
            "占比|份额|占多少|比重|占总|占|所占|构成|比例|贡献|share|proportion|part of|percentage|percent|portion|fraction|contribution|make up|mix",
            Sense::Share,
        ),
        (
            "增长率|增长最快|增长最多|增长|涨幅|增幅|涨了多少|上涨|增速|涨|变化|growth|grow|grew|growing|increase|increased|change|changed|rise|rose|gain|gained|fastest growing|growth rate",
            Sense::Growth,
        ),
        (
            "下降最多|下降|下滑|跌幅|降幅|跌了多少|减少|跌|decline|declined|drop|dropped|decrease|decreased|fall|fell|shrink|shrank|lost most|lose",
            Sense::Decline,
        ),
        ("最好|最佳|best|better", Sense::Better),
        ("最差|最糟|worst|poorest|worse", Sense::Worse),
        ("自从|以来|至今|到现在|起|开始|since|starting|onwards|onward", Sense::Since),
        ("趋势|走势|曲线|变化趋势|trend|over time|development|develop|developed|timeline", Sense::Trend),
        ("和|及|以及|、|与其|and|&|plus", Sense::And),
        ("到|至|截至|截止|~|—|–|-|...|through|until|till|up to|to", Sense::To),
        (
            "除了|除去|除|不含|不包括|不算|不计|剔除|排除|except|except for|excluding|without|other than|not counting|apart from|not including",
            Sense::Except,
        ),
        ("以外|之外|除外|外|excluded|not included", Sense::ExceptBefore),
        ("平均|均|average|mean|on average|averaged", Sense::Average),
        ("average orders|mean orders", Sense::AverageOf(M::Orders)),
        ("日均|平均每天|平均每日|每天平均|每日平均|daily average|average daily|average per day", Sense::Per(Each::Day)),
        (
            "每单|每一单|一单|每笔|每笔订单|每个订单|每张订单|每笔单|单均|笔均|per order|per-order|each order|every order",
            Sense::Per(Each::Order),
        ),
        (
            "人均|每人|每客|客均|每个客户|每位客户|每名客户|每个顾客|每位顾客|每名顾客|每个人|per customer|per-customer|each customer|every customer|per buyer|per person|per head|per capita",
            Sense::Per(Each::Customer),
        ),
        ("每件|每台|每部|每件商品|per unit|per-unit|each unit|per piece|per item", Sense::Per(Each::Unit)),
        ("first", Sense::First),
        ("从|自|from", Sense::From),
        (
            "不|没|没有|一半|半|not|no|never|none|table|half|second|third|fourth|fifth|median|中位数|before|after",
            Sense::Foreign,
        ),
        ("多少|几|how many|how much|number of|count of|数量", Sense::HowMany),
        ("卖|卖了|卖出|卖出了|卖得|卖的|售出|销售|出售|sell|sold|selling", Sense::Sold),
        ("下单|ordered|order most|place order", Sense::Ordered),
        ("那么|那|再|换成|改成|只看|how about|what about|instead|only|just|now|then", Sense::Cue),
    ];
    all.extend(other.iter().map(|(words, sense)| (*words, sense.clone())));
    all.extend(
        WEEKDAYS.iter().enumerate().map(|(at, words)| (*words, Sense::Value(Dimension::Weekday, vec![at.to_string()]))),
    );
    all.extend(NOTHING.iter().map(|words| (*words, Sense::Nothing)));
    all
}

const MEASURES: &[(&str, Measure)] = &[
    (
        "销售额|营业额|成交额|成交金额|销售金额|流水|收入|营收|gmv|进账|销售收入|业绩|多少钱|卖了多少钱|买了多少钱|revenue|sale|turnover|sales value|takings|income|sales revenue|money",
        M::Revenue,
    ),
    ("订单数|订单量|单量|订单|下单数|成交单数|order|number of orders|order count|purchases", M::Orders),
    (
        "销量|销售量|卖出数量|件数|销售件数|多少台|多少件|多少部|多少个|几台|几件|卖了几件|台数|销售数量|unit|units sold|quantity|item sold|unit sale|sales volume|volume|pieces",
        M::Units,
    ),
    (
        "客户数|顾客数|买家数|购买人数|下单人数|客户|顾客|买家|多少人|购买客户|成交客户|客户数量|用户数|用户|customer|buyer|shopper|number of customers|people|client",
        M::Buyers,
    ),
    (
        "新客数|新客户|新客|新顾客|新用户|新买家|新增客户|拉新|首单客户|new customer|new buyer|first-time buyer|first time buyer|first-time customer|newcomer|acquisition",
        M::NewBuyers,
    ),
    (
        "老客数|老客户|老客|老顾客|回头客|老用户|复购客户|returning customer|repeat customer|existing customer|returning buyer|repeat buyer|loyal customer",
        M::ReturningBuyers,
    ),
    (
        "客单价|平均客单价|单均价|笔单价|平均订单金额|aov|average order value|average order|average basket|basket size|basket value|order value|average ticket",
        M::AverageOrder,
    ),
    (
        "件均价|平均价格|均价|平均单价|平均售价|件单价|average price|average selling price|asp|price per unit",
        M::AveragePrice,
    ),
    ("单均件数|连带率|每单件数|units per order|items per order|items per basket", M::UnitsPerOrder),
    ("人均消费|人均销售额|人均花费|revenue per customer|spend per customer|average spend per customer", M::PerBuyer),
    (
        "复购率|回购率|重复购买率|repeat rate|repurchase rate|repeat purchase rate|share of repeat customers",
        M::RepeatRate,
    ),
    ("毛利|毛利润|利润|毛利额|赚了多少|赚|margin|gross margin|profit|gross profit|earn|earned", M::Margin),
    ("毛利率|利润率|margin rate|margin percentage|profit margin|margin percent|gross margin rate", M::MarginRate),
    ("优惠金额|优惠|折扣金额|让利|优惠额|discount|discount given|money off", M::Discount),
    ("折扣率|优惠率|discount rate|average discount", M::DiscountRate),
    ("浏览量|浏览次数|浏览|pv|页面浏览|商品浏览量|view|product view|page view|pageview", M::Views),
    ("访客数|访客|uv|浏览人数|访问人数|visitor|unique visitor|visits|traffic|流量", M::Visitors),
    ("搜索次数|搜索量|搜索数|searches|number of searches", M::Searches),
    (
        "加购次数|加购数|加购量|加购|加入购物车|cart addition|add to cart|added to cart|added to the cart|added to a cart|put in the cart|additions to the cart|add-to-cart",
        M::Carts,
    ),
    ("收藏次数|收藏数|收藏量|收藏|favourite|favorite|wishlist", M::Favourites),
    ("退货次数|退货数|退货量|退货|退货单|return|returned item|goods returned", M::Returns),
    ("退货率|return rate|rate of returns|returns rate", M::ReturnRate),
    ("转化率|转化|成交转化率|浏览转化率|购买转化率|conversion|conversion rate", M::Conversion),
    ("加购率|加购转化率|cart rate|add-to-cart rate|add to cart rate", M::CartRate),
    ("平均评分|评分|评价分|星级|打分|口碑分|rating|average rating|stars|star rating|score", M::Rating),
    ("评价数|评论数|评价|评论|点评数|评价数量|review|number of reviews|comment", M::Reviews),
    (
        "广告花费|广告费|广告支出|投放费用|推广费|投放花费|花费|投放金额|营销费用|花了多少钱|投放|广告费用|spend|ad spend|advertising spend|advertising cost|marketing spend|ad cost|advertising|media spend|spent on ads|spend on ads|spent",
        M::Spend,
    ),
    ("曝光量|曝光|展现量|展示次数|曝光次数|impression", M::Impressions),
    ("点击量|点击|点击数|点击次数|click", M::Clicks),
    ("点击率|ctr|click rate|click-through rate|click through rate", M::ClickRate),
    ("单次点击成本|点击成本|点击单价|cpc|cost per click", M::ClickCost),
    (
        "投入产出比|投产比|roi|roas|广告回报|return on ad spend|return on advertising spend|return on spend|return on investment",
        M::ReturnOnSpend,
    ),
    ("触达人次|触达|触达人数|发送量|发送数|contact|contacted customers|messages sent|reach", M::Contacts),
    ("响应人次|响应数|响应人数|response|number of responses", M::Responses),
    ("响应率|回应率|response rate|rate of response", M::ResponseRate),
    ("触达成本|发送成本|cost of contacts|contact cost|campaign cost", M::ContactCost),
    ("库存|库存量|存货|现货|stock|inventory|stock on hand|units in stock|in stock", M::Stock),
    ("商品数|商品数量|多少款|多少商品|款数|sku数|sku|number of products|多少款商品|多少种商品", M::Products),
    (
        "新注册客户|注册数|注册量|新注册|注册|新会员|注册人数|registration|sign-up|signup|sign up|joined|new members",
        M::Registered,
    ),
];

const DIMENSIONS: &[(&str, Dimension)] = &[
    ("品类|类目|类别|分类|种类|category|product category|type of product|product type", D::Category),
    ("大类|一级类目|一级品类|department|main category|top category|top-level category", D::Department),
    ("品牌|牌子|brand|maker|manufacturer", D::Brand),
    ("商品|产品|单品|货品|型号|机型|product|item|model|article", D::Product),
    ("渠道|来源渠道|投放渠道|来源|channel|sales channel|traffic source|source", D::Channel),
    ("门店|店铺|分店|店|store|shop|branch|outlet", D::Store),
    ("城市|city|town", D::City),
    ("地区|省份|省|区域|大区|region|province|area|state", D::Region),
    ("性别|男女|gender|sex|men and women", D::Gender),
    ("年龄段|年龄|年龄层|age|age group", D::Age),
    (
        "新老客|新老客户|新老顾客|新老用户|新客和老客|新客老客|新客与老客|customer type|new or returning|new and returning|new and returning customers|new versus returning|new vs returning|new vs returning customers|new versus returning customers",
        D::CustomerType,
    ),
    (
        "客群|人群|客户群|每个客户群|每个顾客群|客户分群|每个客户分群|分群|人群分组|segment|customer group|customer segment|group",
        D::Segment,
    ),
    ("首次来源|首次渠道|获客渠道|获客来源|first channel|acquisition channel", D::FirstChannel),
    ("营销活动|活动|促销活动|campaign|promotion", D::Campaign),
    ("活动分组|实验组|分组|arm|variant|test group", D::Arm),
    ("星期几|周几|礼拜几|星期|day of the week|weekday|day of week", D::Weekday),
    ("小时|时段|几点|时间段|hour|hour of the day|time of day|hourly", D::Hour),
    ("天|日|每日|逐日|日度|每天|按天|按日|day|daily|date", D::Day),
    ("周|每周|逐周|周度|按周|week|weekly", D::Week),
    ("月|每月|逐月|月度|按月|每个月|各月|分月|月份|month|monthly", D::Month),
    ("季度|每季度|按季度|每季|各季度|quarter|quarterly", D::Quarter),
    ("年|每年|年度|按年|逐年|历年|year|yearly|annual|annually", D::Year),
];

/// From Monday on.
const WEEKDAYS: [&str; 7] = [
    "周一|星期一|礼拜一|每周一|monday",
    "周二|星期二|礼拜二|每周二|tuesday",
    "周三|星期三|礼拜三|每周三|wednesday",
    "周四|星期四|礼拜四|每周四|thursday",
    "周五|星期五|礼拜五|每周五|friday",
    "周六|星期六|礼拜六|每周六|saturday",
    "周日|周天|星期日|星期天|礼拜日|礼拜天|每周日|sunday",
];

const GOALS: &[(&str, Goal)] = &[
    (
        "该做什么|应该做什么|做什么|做些什么|该怎么办|怎么办|有什么建议|有哪些建议|有什么决策|今日决策|今天的决策|决策|待办|what should i do|what should we do|what shall we do|what to do|what can we do|decision|to-do|to do list|any advice|recommendation for today|what do you recommend",
        G::Decisions,
    ),
    (
        "预算怎么|预算应该|预算该|多少预算|预算|怎么分配|该投多少|该花多少|应该花多少|投多少钱|how much budget|budget|how should we split|how should i split|where should the money go|where should we spend|how much should we spend|how much should i spend|allocate",
        G::Budget,
    ),
    (
        "预测|预计|会卖|能卖|将会|将卖|forecast|predict|prediction|will we sell|will sell|going to sell|expect to sell|expected sales|will be sold",
        G::Forecast,
    ),
    (
        "降价|该降|调价|定价|清仓|涨价|价格弹性|该卖多少钱|price cut|cut the price|lower the price|mark down|markdown|raise the price|pricing|price elasticity|clearance",
        G::Prices,
    ),
    (
        "联系谁|发给谁|触达谁|该给谁|给谁发|推给谁|whom should we|who should i contact|who should we contact|who to contact|whom to write|who to write to|whom to contact|target audience",
        G::Audiences,
    ),
    ("抱怨|投诉|吐槽|差评|不满|complain|complaint|complain about|dislike|unhappy", G::Opinions),
    (
        "大客户|最有价值的客户|高价值客户|流失|谁买得最多|哪些客户|哪位客户|哪个客户|top customer|best customer|most valuable customer|churn|lifetime value|which customer|who buys most|who spends most",
        G::Customers,
    ),
];

/// What shops speak of and no table of theirs tells: words, Chinese, English.
pub(super) const ABSENT: &[(&str, &str, &str)] = &[
    (
        "支付方式|付款方式|支付渠道|微信支付|支付宝|花呗|payment method|payment|paid by card|credit card|alipay",
        "支付方式",
        "the way of payment",
    ),
    ("优惠券|用券|券|coupon|voucher|promo code", "优惠券", "coupons by themselves"),
    ("导购|店员|销售员|员工|salesperson|sales staff|employee|staff|sales rep", "员工", "staff"),
    ("竞品|竞争对手|对手|友商|competitor|competition|market share|市场份额", "竞争对手", "competitors"),
    ("天气|气温|weather|temperature", "天气", "the weather"),
    ("运费|物流成本|快递费|shipping cost|delivery cost|postage|freight", "运费", "the cost of delivery"),
    ("税|税额|vat|tax", "税", "taxes"),
    ("净利|净利润|net profit|net income|ebit", "净利润", "net profit"),
    ("退款额|退款金额|退款|refund|refund amount", "退款金额", "the sums refunded"),
];

/// Words that change no figure.
const NOTHING: &[&str] = &[
    "的|了|呢|吗|吧|啊|呀|哦|嘛|么|是|有|在|里|内|中|上|下|我|我们|咱们|咱|你|您|请|请问|帮我|帮忙|麻烦|给我|给|看看|看一下|看|查|查一下|查询|查看|告诉我|告诉|想知道|知道|想|要|了解|统计|统计一下|显示|列出|列一下|展示|一下|怎么样|怎样|如何|怎么|情况|表现|数据|指标|一共|总共|总计|合计|总|总体|整体|全部|所有|全|共|分别|都|也|其中|的话|以及其|目前|当前|现在|为止|由|把|被|将|对|对于|关于|方面|来看|来说|时候|时|期间|之间|以内|之内|能|可以|可不可以|是不是|有没有|做|出|得|地|个|款|名|位|家|些|这|这些|那些|它|它们|他们|本店|店里|公司|跟着|分布|明细|结构|拆分|细分|下钻|维度|水平|大概|大约|分析|分析一下|吗请|一个|一种|多|更|较|较多|为|以|用|购买|买|买了|成交|产生|带来|获得|实现|完成|达到|属于|来自|通过|线|元|块|钱|人民币|数|量|值|额|单|件|台|部|人|报表|图|表格|图表|画|画出|做个|谁|哪里|哪儿|哪|何时|什么时候|帮|以下|各自|情况如何|具体|最|率|和谁|进行|结果|还是|或|或者|请给|给出|一览|总览|概览|概况|走向|环境|较大|贡献了|所|占了|内的|及其|需要|主要|全店|店铺整体|本|该|这个|这种|那个|分为|拿|按着|相对|相对于|而言|只|仅|仅看|过|着|去|来|结束|期|同期|上期|期内|你好|您好|东西|一天里|一天中|一天内|一天之内|请问一下|来着|吧啦|想看|想问|问一下|问|能不能|帮忙看|看下|下来|今|份|一起|要不要|该不该|应不应该|好不好|不知道",
    "over|a|an|the|is|are|was|were|be|been|being|am|do|does|did|done|has|have|had|having|of|in|on|at|for|with|within|into|during|as|it|its|it's|this|that|these|those|there|here|i|me|my|we|us|our|ours|you|your|they|their|them|he|she|please|pls|show|tell|give|list|display|see|find|get|let|let's|know|want|would|could|can|will|shall|should|like|need|look|looking|report|chart|graph|figure|figures|data|number|numbers|total|overall|all|whole|entire|complete|sum|in total|altogether|how|how is|how are|how did|how do|how was|how were|when|where|who|whom|why|so|far|so far|also|too|or|but|if|about|regarding|concerning|respect|terms|in terms of|come|came|comes|coming|go|went|goes|going|make|made|makes|take|took|put|brought|bring|brings|generate|generated|buy|bought|buys|purchase|purchased|per cent|well|much|many|lot|lots|up|down|out|off|more|less|each other|one|ones|any|some|every single|per se|thanks|thank|hello|hi|hey|ok|okay|performance|perform|performed|performing|doing|breakdown|distribution|detail|details|detailed|split|overview|summary|summarise|summarize|level|value|values|amount|amounts|rate|rates|between|both|same|period|time|times|date range|current|currently|level of|ordered|placed|place|sort|sorted|order by|our shop's|shop's|company|business|online shop|store's|across|along|via|through the|among|under|customers'|happened|happen|run|running|ran|work|worked|got|receive|received|had the|with the|kind|kinds|type|types|sorts|currency|yuan|rmb|cny|dollar|dollars|euro|euros|quick|quickly|short|exactly|really|actually|s|re|ve|ll|d|m|t|don't|isn't|respectively|versus each other|came from|come from|been made|as well|there been|there are|right|respective|earn us|been|most recent|last|past|previous|than usual|usual|it was|according|according to|using|use|used|terms of|as a table|in a table|a table of|into a table",
];
