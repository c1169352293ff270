//! What can be measured and by what: one table each, read by the grammar, the statements, the console's lists and the documents.

use serde::{Deserialize, Serialize};

use super::words::Each;

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Hundredths of the shop's currency.
    Money,
    Count,
    /// A part of one.
    Share,
    /// A plain number.
    Number,
}

/// Where a measure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Orders,
    Events,
    Reviews,
    Spend,
    /// Spend beside the orders of the channels it was for.
    Returns,
    Exposures,
    Products,
    Customers,
}

macro_rules! named {
    ($(#[$of_type:meta])* $kind:ident { $($variant:ident $name:literal $zh:literal $en:literal,)+ }) => {
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $kind { $(#[serde(rename = $name)] $variant,)+ }

        impl $kind {
            pub const ALL: &'static [$kind] = &[$($kind::$variant,)+];

            /// Stable, for programs.
            pub fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)+ }
            }

            pub fn name_zh(self) -> &'static str {
                match self { $($kind::$variant => $zh,)+ }
            }

            pub fn name_en(self) -> &'static str {
                match self { $($kind::$variant => $en,)+ }
            }
        }
    };
}

named! {
    /// What is measured.
    Measure {
        Revenue "revenue" "销售额" "revenue",
        Orders "orders" "订单数" "orders",
        Units "units" "销量" "units sold",
        Buyers "buyers" "下单客户数" "customers who ordered",
        NewBuyers "new_buyers" "新客数" "new customers",
        ReturningBuyers "returning_buyers" "老客数" "returning customers",
        AverageOrder "average_order" "客单价" "average order value",
        AveragePrice "average_price" "件均价" "average price",
        UnitsPerOrder "units_per_order" "单均件数" "units per order",
        PerBuyer "per_buyer" "人均消费" "revenue per customer",
        RepeatRate "repeat_rate" "复购率" "repeat rate",
        Margin "margin" "毛利" "margin",
        MarginRate "margin_rate" "毛利率" "margin rate",
        Discount "discount" "优惠金额" "discounts",
        DiscountRate "discount_rate" "折扣率" "discount rate",
        Views "views" "浏览量" "views",
        Visitors "visitors" "访客数" "visitors",
        Searches "searches" "搜索次数" "searches",
        Carts "carts" "加购次数" "additions to the cart",
        Favourites "favourites" "收藏次数" "favourites",
        Returns "returns" "退货次数" "returns",
        ReturnRate "return_rate" "退货率" "return rate",
        Conversion "conversion" "转化率" "conversion",
        CartRate "cart_rate" "加购率" "cart rate",
        Rating "rating" "平均评分" "average rating",
        Reviews "reviews" "评价数" "reviews",
        Spend "spend" "广告花费" "advertising spend",
        Impressions "impressions" "曝光量" "impressions",
        Clicks "clicks" "点击量" "clicks",
        ClickRate "click_rate" "点击率" "click rate",
        ClickCost "click_cost" "单次点击成本" "cost per click",
        ReturnOnSpend "return_on_spend" "投入产出比" "return on advertising spend",
        Contacts "contacts" "触达人次" "contacts",
        Responses "responses" "响应人次" "responses",
        ResponseRate "response_rate" "响应率" "response rate",
        ContactCost "contact_cost" "触达成本" "cost of contacts",
        Stock "stock" "库存" "units in stock",
        Products "products" "商品数" "products",
        Registered "registered" "新注册客户" "customers who joined",
        RevenuePerDay "revenue_per_day" "日均销售额" "revenue per day",
        OrdersPerDay "orders_per_day" "日均订单数" "orders per day",
        UnitsPerDay "units_per_day" "日均销量" "units sold per day",
        MarginPerDay "margin_per_day" "日均毛利" "margin per day",
        ViewsPerDay "views_per_day" "日均浏览量" "views per day",
        SpendPerDay "spend_per_day" "日均广告花费" "advertising spend per day",
        MarginPerOrder "margin_per_order" "单均毛利" "margin per order",
        OrdersPerBuyer "orders_per_buyer" "人均订单数" "orders per customer",
        UnitsPerBuyer "units_per_buyer" "人均件数" "units per customer",
        MarginPerBuyer "margin_per_buyer" "人均毛利" "margin per customer",
    }
}

named! {
    /// What figures are told apart by.
    Dimension {
        Category "category" "品类" "category",
        Department "department" "大类" "department",
        Brand "brand" "品牌" "brand",
        Product "product" "商品" "product",
        Channel "channel" "渠道" "channel",
        Store "store" "门店" "store",
        City "city" "城市" "city",
        Region "region" "地区" "region",
        Gender "gender" "性别" "gender",
        Age "age" "年龄段" "age group",
        CustomerType "customer_type" "新老客" "new or returning",
        Segment "segment" "客群" "customer group",
        FirstChannel "first_channel" "首次来源" "first channel",
        Campaign "campaign" "营销活动" "campaign",
        Arm "arm" "活动分组" "arm",
        Weekday "weekday" "星期" "day of the week",
        Hour "hour" "小时" "hour of the day",
        Day "day" "天" "day",
        Week "week" "周" "week",
        Month "month" "月" "month",
        Quarter "quarter" "季度" "quarter",
        Year "year" "年" "year",
    }
}

/// Quantity times price less discounts of an order line.
const LINE: &str = "o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)";

impl Measure {
    pub fn named(name: &str) -> Option<Measure> {
        Measure::ALL.iter().copied().find(|measure| measure.name() == name)
    }

    pub fn source(self) -> Source {
        use Measure::*;
        match self {
            Revenue | Orders | Units | Buyers | NewBuyers | ReturningBuyers | AverageOrder | AveragePrice
            | UnitsPerOrder | PerBuyer | RepeatRate | Margin | MarginRate | Discount | DiscountRate | RevenuePerDay
            | OrdersPerDay | UnitsPerDay | MarginPerDay | MarginPerOrder | OrdersPerBuyer | UnitsPerBuyer
            | MarginPerBuyer => Source::Orders,
            Views | Visitors | Searches | Carts | Favourites | Returns | ReturnRate | Conversion | CartRate
            | ViewsPerDay => Source::Events,
            Rating | Reviews => Source::Reviews,
            Spend | Impressions | Clicks | ClickRate | ClickCost | SpendPerDay => Source::Spend,
            ReturnOnSpend => Source::Returns,
            Contacts | Responses | ResponseRate | ContactCost => Source::Exposures,
            Stock | Products => Source::Products,
            Registered => Source::Customers,
        }
    }

    pub fn unit(self) -> Unit {
        use Measure::*;
        match self {
            Revenue | AverageOrder | AveragePrice | PerBuyer | Margin | Discount | Spend | ClickCost | ContactCost
            | RevenuePerDay | MarginPerDay | SpendPerDay | MarginPerOrder | MarginPerBuyer => Unit::Money,
            RepeatRate | MarginRate | DiscountRate | ReturnRate | Conversion | CartRate | ClickRate | ResponseRate => {
                Unit::Share
            }
            UnitsPerOrder | Rating | ReturnOnSpend | OrdersPerDay | UnitsPerDay | ViewsPerDay | OrdersPerBuyer
            | UnitsPerBuyer => Unit::Number,
            _ => Unit::Count,
        }
    }

    /// Whether the figures of parts add up to that of the whole: only then is a part a share of it.
    pub fn adds_up(self) -> bool {
        use Measure::*;
        matches!(
            self,
            Revenue
                | Units
                | Orders
                | Margin
                | Discount
                | Views
                | Searches
                | Carts
                | Favourites
                | Returns
                | Reviews
                | Spend
                | Impressions
                | Clicks
                | Contacts
                | Responses
                | ContactCost
                | Stock
                | Products
                | Registered
                | Buyers
                | NewBuyers
                | ReturningBuyers
                | Visitors
        )
    }

    /// What is counted where this is it by the day.
    pub fn of_days(self) -> Option<Measure> {
        use Measure::*;
        Some(match self {
            RevenuePerDay => Revenue,
            OrdersPerDay => Orders,
            UnitsPerDay => Units,
            MarginPerDay => Margin,
            ViewsPerDay => Views,
            SpendPerDay => Spend,
            _ => return None,
        })
    }

    /// Whether it takes what products cost.
    pub fn takes_costs(self) -> bool {
        use Measure::*;
        matches!(self, Margin | MarginRate | MarginPerDay | MarginPerOrder | MarginPerBuyer)
    }

    /// The same for each day, order, customer or piece, if there is such a measure.
    pub(super) fn for_each(self, each: Each) -> Option<Measure> {
        use Measure::*;
        Some(match (self, each) {
            (own, Each::Day) => *Measure::ALL.iter().find(|one| one.of_days() == Some(own))?,
            (Revenue | AverageOrder, Each::Order) => AverageOrder,
            (Units | UnitsPerOrder, Each::Order) => UnitsPerOrder,
            (Margin, Each::Order) => MarginPerOrder,
            (Revenue | PerBuyer, Each::Customer) => PerBuyer,
            (Orders, Each::Customer) => OrdersPerBuyer,
            (Units, Each::Customer) => UnitsPerBuyer,
            (Margin, Each::Customer) => MarginPerBuyer,
            (Revenue | AveragePrice, Each::Unit) => AveragePrice,
            _ => return None,
        })
    }

    /// Whether no row at all means none of it, rather than that it is not known.
    pub(super) fn is_none_without_rows(self) -> bool {
        self.adds_up() && !matches!(self, Measure::Margin | Measure::Stock)
    }

    /// Whether less of it is better.
    pub fn is_better_low(self) -> bool {
        use Measure::*;
        matches!(self, Returns | ReturnRate | ClickCost | ContactCost)
    }

    /// Over the rows of its source. Aliases: `o` orders, `e` events, `r` reviews, `s` spend, `x` exposures, `p` products, `c` customers,
    /// `f` the first day on which each customer ordered. `n_days` are those of the time asked about.
    pub(super) fn expression(self, n_days: i32) -> String {
        use Measure::*;
        let is_new = "shop_day(o.ordered_at) = f.first_day";
        let cost = "case when p.cost_cents is not null then";
        let margin = format!("sum({cost} {LINE} - o.quantity * p.cost_cents end)");
        match self {
            Revenue => format!("sum({LINE})"),
            Orders => "count(distinct o.order_id)".to_owned(),
            Units => "sum(o.quantity)".to_owned(),
            Buyers => "count(distinct o.customer_id)".to_owned(),
            NewBuyers => format!("count(distinct case when {is_new} then o.customer_id end)"),
            ReturningBuyers => {
                "count(distinct case when shop_day(o.ordered_at) > f.first_day then o.customer_id end)".to_owned()
            }
            AverageOrder => format!("cast(sum({LINE}) as double) / nullif(count(distinct o.order_id), 0)"),
            AveragePrice => format!("cast(sum({LINE}) as double) / nullif(sum(o.quantity), 0)"),
            UnitsPerOrder => "cast(sum(o.quantity) as double) / nullif(count(distinct o.order_id), 0)".to_owned(),
            PerBuyer => format!("cast(sum({LINE}) as double) / nullif(count(distinct o.customer_id), 0)"),
            RepeatRate => "cast(count(distinct case when h.n_orders > 1 then o.customer_id end) as double) / \
                 nullif(count(distinct o.customer_id), 0)"
                .to_owned(),
            Margin => margin,
            MarginRate => format!("cast({margin} as double) / nullif(sum({cost} {LINE} end), 0)"),
            Discount => "sum(coalesce(o.discount_cents, 0))".to_owned(),
            DiscountRate => "cast(sum(coalesce(o.discount_cents, 0)) as double) / \
                 nullif(sum(o.quantity * o.unit_price_cents), 0)"
                .to_owned(),
            Views => kind_count("view"),
            Visitors => "count(distinct e.customer_id)".to_owned(),
            Searches => kind_count("search"),
            Carts => kind_count("cart"),
            Favourites => kind_count("favourite"),
            Returns => kind_count("return"),
            ReturnRate => format!("cast({} as double) / nullif({}, 0)", kind_count("return"), kind_count("purchase")),
            Conversion => part_of_viewers("purchase"),
            CartRate => part_of_viewers("cart"),
            Rating => "avg(r.stars)".to_owned(),
            Reviews => "count(*)".to_owned(),
            Spend => "sum(s.spend_cents)".to_owned(),
            Impressions => "sum(s.impressions)".to_owned(),
            Clicks => "sum(s.clicks)".to_owned(),
            ClickRate => "cast(sum(s.clicks) as double) / nullif(sum(s.impressions), 0)".to_owned(),
            ClickCost => "cast(sum(s.spend_cents) as double) / nullif(sum(s.clicks), 0)".to_owned(),
            ReturnOnSpend => "cast(sum(s.revenue_cents) as double) / nullif(sum(s.spend_cents), 0)".to_owned(),
            Contacts => "count(case when x.arm <> 'control' then 1 end)".to_owned(),
            Responses => "count(case when x.arm <> 'control' and x.responded then 1 end)".to_owned(),
            ResponseRate => "cast(count(case when x.responded then 1 end) as double) / \
                 nullif(count(x.responded), 0)"
                .to_owned(),
            ContactCost => "sum(x.cost_cents)".to_owned(),
            Stock => "sum(p.stock)".to_owned(),
            Products | Registered => "count(*)".to_owned(),
            RevenuePerDay | OrdersPerDay | UnitsPerDay | MarginPerDay | ViewsPerDay | SpendPerDay => {
                let of = self.of_days().map_or_else(String::new, |own| own.expression(n_days));
                format!("cast({of} as double) / {n_days}")
            }
            MarginPerOrder => format!("cast({margin} as double) / nullif(count(distinct {cost} o.order_id end), 0)"),
            OrdersPerBuyer => {
                "cast(count(distinct o.order_id) as double) / nullif(count(distinct o.customer_id), 0)".to_owned()
            }
            UnitsPerBuyer => "cast(sum(o.quantity) as double) / nullif(count(distinct o.customer_id), 0)".to_owned(),
            MarginPerBuyer => {
                format!("cast({margin} as double) / nullif(count(distinct {cost} o.customer_id end), 0)")
            }
        }
    }
}

fn kind_count(kind: &str) -> String {
    format!("count(case when e.kind = '{kind}' then 1 end)")
}

/// Of the customers who looked at something, the part who also did `kind` in the same row.
fn part_of_viewers(kind: &str) -> String {
    let of = |kind: &str| format!("count(distinct case when e.kind = '{kind}' then e.customer_id end)");
    format!("cast({} as double) / nullif({}, 0)", of(kind), of("view"))
}

impl Dimension {
    pub fn named(name: &str) -> Option<Dimension> {
        Dimension::ALL.iter().copied().find(|dimension| dimension.name() == name)
    }

    /// Spans of time, which come one after another.
    pub fn is_time(self) -> bool {
        use Dimension::*;
        matches!(self, Day | Week | Month | Quarter | Year)
    }

    /// What has an order of its own.
    pub fn is_ordered(self) -> bool {
        self.is_time() || matches!(self, Dimension::Weekday | Dimension::Hour | Dimension::Age)
    }
}

impl Source {
    /// Whether its rows can be told apart by this.
    pub fn has(self, dimension: Dimension) -> bool {
        use Dimension::*;
        let of_product = matches!(dimension, Category | Department | Brand | Product);
        let of_customer = matches!(dimension, City | Region | Gender | Age | Segment | FirstChannel);
        let time = dimension.is_time() || dimension == Weekday;
        match self {
            Source::Orders => {
                of_product || of_customer || time || matches!(dimension, Channel | Store | CustomerType | Hour)
            }
            Source::Events => of_product || of_customer || time || matches!(dimension, Channel | Campaign | Hour),
            Source::Reviews => of_product || of_customer || time,
            Source::Spend | Source::Returns => time || dimension == Channel,
            Source::Exposures => of_customer || time || matches!(dimension, Channel | Campaign | Arm),
            Source::Products => of_product,
            Source::Customers => of_customer || time,
        }
    }
}
