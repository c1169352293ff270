//! A question as statements over the documented tables. They only read; whatever comes from a question stands in them as a quoted
//! literal, and what is shown to people is what is run.

use domain::Day;

use super::measures::{Dimension, Measure, Source};
use super::period::{Period, date};
use super::{Filter, Order, Question, ROWS_MAX, Show};

/// Which part of the answer a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The rows, or the one figure.
    Rows,
    /// The same of the time that it is held against.
    RowsBefore,
    /// All rows together; of a share, what it is a share of.
    Whole,
    WholeBefore,
}

/// One statement. Its columns: `label` if there are rows by something, `at` (a day) if there are spans of time, then one for each measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub part: Part,
    pub measures: Vec<Measure>,
    pub sql: String,
}

/// A text as an SQL literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What has to be run. `today` is the day by which ages are told.
pub fn statements(question: &Question, today: Day) -> Vec<Statement> {
    let mut all = Vec::new();
    let other = question.other_period();
    for measures in by_source(&question.measures) {
        let one = |part: Part, period: Option<&Period>, is_whole: bool| Statement {
            part,
            measures: measures.clone(),
            sql: Writer { question, measures: &measures, period, is_whole, today }.write(),
        };
        let period = question.period.as_ref();
        all.push(one(Part::Rows, period, false));
        all.extend(other.as_ref().map(|other| one(Part::RowsBefore, Some(other), false)));
        let has_rows = question.by.is_some() || question.over.is_some();
        if has_rows || question.show == Show::Share {
            all.push(one(Part::Whole, period, true));
            all.extend(other.as_ref().map(|other| one(Part::WholeBefore, Some(other), true)));
        }
    }
    all
}

/// Measures of one source are counted by one statement; in the order of the question.
fn by_source(measures: &[Measure]) -> Vec<Vec<Measure>> {
    let mut groups: Vec<Vec<Measure>> = Vec::new();
    for measure in measures {
        match groups.iter_mut().find(|group| group[0].source() == measure.source()) {
            Some(group) => group.push(*measure),
            None => groups.push(vec![*measure]),
        }
    }
    groups
}

/// Of a share without rows: the condition that the whole does without. The narrowest, so that "a brand's share of phones" keeps the phones.
pub fn share_of(question: &Question) -> Option<&Filter> {
    use Dimension::*;
    let width = |filter: &&Filter| match filter.field {
        Product => 0,
        CustomerType => 1,
        Brand => 2,
        Campaign | Arm | Segment => 3,
        Category => 6,
        Department => 7,
        _ => 4,
    };
    question.filters.iter().min_by_key(width)
}

struct Writer<'a> {
    question: &'a Question,
    measures: &'a [Measure],
    period: Option<&'a Period>,
    is_whole: bool,
    today: Day,
}

impl Writer<'_> {
    fn source(&self) -> Source {
        self.measures[0].source()
    }

    fn by(&self) -> Option<Dimension> {
        self.question.by.filter(|_| !self.is_whole)
    }

    fn over(&self) -> Option<Dimension> {
        self.question.over.filter(|_| !self.is_whole)
    }

    fn filters(&self) -> Vec<&Filter> {
        let has_rows = self.question.by.is_some() || self.question.over.is_some();
        let without =
            share_of(self.question).filter(|_| self.is_whole && self.question.show == Show::Share && !has_rows);
        self.question.filters.iter().filter(|filter| without != Some(*filter)).collect()
    }

    fn write(&self) -> String {
        let mut columns = Vec::new();
        if let Some(by) = self.by() {
            columns.push(format!("{} as label", self.expression(by)));
        }
        if let Some(over) = self.over() {
            columns.push(format!("{} as at", self.span(over)));
        }
        let n_keys = columns.len();
        for measure in self.measures {
            let n_days = self.period.map_or(1, Period::n_days);
            columns.push(format!("{} as {}", measure.expression(n_days), measure.name()));
        }
        let mut sql = format!("select {}\nfrom {}", columns.join(",\n  "), self.tables());
        let conditions = self.conditions();
        if !conditions.is_empty() {
            sql.push_str(&format!("\nwhere {}", conditions.join("\n  and ")));
        }
        if n_keys > 0 {
            let keys: Vec<String> = (1..=n_keys).map(|at| at.to_string()).collect();
            sql.push_str(&format!("\ngroup by {}\norder by {}", keys.join(", "), self.order()));
            sql.push_str(&format!("\nlimit {}", self.limit()));
        }
        sql
    }

    fn order(&self) -> String {
        let first = self.measures[0].name();
        let most = format!("{first} {} nulls last", if self.question.order == Order::Least { "asc" } else { "desc" });
        let natural = self.question.order == Order::Natural;
        match (self.by(), self.over()) {
            (Some(_), Some(_)) => "2, 1".to_owned(),
            (None, Some(_)) if natural => "1".to_owned(),
            (Some(by), None) if by.is_ordered() && natural => "1".to_owned(),
            _ => format!("{most}, 1"),
        }
    }

    /// Rows are cut here only where nothing else orders them or counts over all of them.
    fn limit(&self) -> usize {
        let q = self.question;
        let plain = q.show == Show::Plain && q.compare.is_none() && q.measures.len() == self.measures.len();
        match (self.by().is_some(), self.over().is_some()) {
            (true, true) => 10 * ROWS_MAX,
            _ if plain => q.top.unwrap_or(ROWS_MAX),
            _ => 10 * ROWS_MAX,
        }
    }

    /// The local day of a row.
    fn day(&self) -> &'static str {
        match self.source() {
            Source::Orders => "shop_day(o.ordered_at)",
            Source::Events => "shop_day(e.at)",
            Source::Reviews => "shop_day(r.at)",
            Source::Exposures => "shop_day(x.at)",
            Source::Customers => "c.joined_on",
            Source::Spend | Source::Returns | Source::Products => "s.day",
        }
    }

    fn alias(&self) -> &'static str {
        match self.source() {
            Source::Orders => "o",
            Source::Events => "e",
            Source::Reviews => "r",
            Source::Exposures => "x",
            Source::Customers => "c",
            Source::Products => "p",
            Source::Spend | Source::Returns => "s",
        }
    }

    fn span(&self, over: Dimension) -> String {
        let unit = match over {
            Dimension::Week => "week",
            Dimension::Month => "month",
            Dimension::Quarter => "quarter",
            Dimension::Year => "year",
            _ => return self.day().to_owned(),
        };
        format!("cast(date_trunc('{unit}', {}) as date)", self.day())
    }

    fn expression(&self, dimension: Dimension) -> String {
        use Dimension::*;
        let (alias, day) = (self.alias(), self.day());
        match dimension {
            Category => "p.category".to_owned(),
            Department => "split_part(p.category, '/', 1)".to_owned(),
            Brand => "p.brand".to_owned(),
            Product if alias == "p" => "p.name".to_owned(),
            Product => format!("coalesce(p.name, {alias}.product_id)"),
            Channel => format!("{alias}.channel"),
            Store => "o.store".to_owned(),
            City => "c.city".to_owned(),
            Region => "c.region".to_owned(),
            Gender => "c.gender".to_owned(),
            Age => format!("({} - c.birth_year) / 10 * 10", date(self.today).0),
            CustomerType => format!("case when {day} = f.first_day then 'new' else 'returning' end"),
            Segment => "g.segment".to_owned(),
            FirstChannel => "c.first_channel".to_owned(),
            Campaign => format!("{alias}.campaign_id"),
            Arm => "x.arm".to_owned(),
            Weekday => format!("(cast(date_part('dow', {day}) as int) + 6) % 7"),
            Hour => format!("shop_hour({alias}.{})", if alias == "o" { "ordered_at" } else { "at" }),
            Day | Week | Month | Quarter | Year => self.span(dimension),
        }
    }

    /// The source, and what is joined to it because something asks for it.
    fn tables(&self) -> String {
        let alias = self.alias();
        let mut sql = match self.source() {
            Source::Orders => "orders o".to_owned(),
            Source::Events => "events e".to_owned(),
            Source::Reviews => "reviews r".to_owned(),
            Source::Exposures => "exposures x".to_owned(),
            Source::Customers => "customers c".to_owned(),
            Source::Products => "products p".to_owned(),
            Source::Spend => "spend s".to_owned(),
            Source::Returns => "(\n  select day, channel, spend_cents, 0 as revenue_cents from spend\n  union all\n  \
                 select shop_day(ordered_at), channel, 0, quantity * unit_price_cents - coalesce(discount_cents, 0)\n  \
                 from orders where channel in (select channel from spend)\n) s"
                .to_owned(),
        };
        let fields: Vec<Dimension> =
            self.by().into_iter().chain(self.filters().iter().map(|filter| filter.field)).collect();
        let any = |of: &[Dimension]| fields.iter().any(|field| of.contains(field));
        let measured = |of: &[Measure]| self.measures.iter().any(|measure| of.contains(measure));
        use Dimension::*;
        let products =
            any(&[Category, Department, Brand, Product]) || self.measures.iter().any(|one| one.takes_costs());
        if products && alias != "p" {
            sql.push_str(&format!("\nleft join products p on p.product_id = {alias}.product_id"));
        }
        if any(&[City, Region, Gender, Age, FirstChannel]) && alias != "c" {
            sql.push_str(&format!("\nleft join customers c on c.customer_id = {alias}.customer_id"));
        }
        if any(&[Segment]) {
            sql.push_str(&format!("\nleft join segments g on g.customer_id = {alias}.customer_id"));
        }
        if any(&[CustomerType]) || measured(&[Measure::NewBuyers, Measure::ReturningBuyers]) {
            sql.push_str(
                "\njoin (select customer_id, min(shop_day(ordered_at)) as first_day from orders group by customer_id) f \
                 on f.customer_id = o.customer_id",
            );
        }
        if measured(&[Measure::RepeatRate]) {
            let when = self.within("shop_day(ordered_at)").map_or(String::new(), |when| format!(" where {when}"));
            sql.push_str(&format!(
                "\njoin (select customer_id, count(distinct order_id) as n_orders from orders{when} group by customer_id) h \
                 on h.customer_id = o.customer_id"
            ));
        }
        sql
    }

    fn within(&self, day: &str) -> Option<String> {
        let period = self.period?;
        Some(format!("{day} between date '{}' and date '{}'", period.first, period.last))
    }

    fn conditions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.source() != Source::Products {
            all.extend(self.within(self.day()));
        }
        if self.source() == Source::Exposures && self.by() == Some(Dimension::Campaign) && self.period.is_none() {
            all.push("x.campaign_id is not null".to_owned());
        }
        if self.source() == Source::Events && self.by() == Some(Dimension::Campaign) {
            all.push("e.campaign_id is not null".to_owned());
        }
        all.extend(self.filters().into_iter().map(|filter| self.condition(filter)));
        all
    }

    fn condition(&self, filter: &Filter) -> String {
        let expression = self.expression(filter.field);
        let one = |value: &String| match filter.field {
            Dimension::Category => format!(
                "{expression} = {} or starts_with({expression}, {})",
                quoted(value),
                quoted(&format!("{value}/"))
            ),
            Dimension::Product => format!("strpos(lower({expression}), {}) > 0", quoted(&value.to_lowercase())),
            _ => format!("{expression} = {}", quoted(value)),
        };
        let condition = match (filter.field, filter.values.as_slice()) {
            (Dimension::Category | Dimension::Product, values) => {
                values.iter().map(one).collect::<Vec<_>>().join(" or ")
            }
            (Dimension::Age | Dimension::Weekday | Dimension::Hour, values) => {
                let list: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("cast({expression} as varchar) in ({})", list.join(", "))
            }
            (_, [_]) => one(&filter.values[0]),
            (_, values) => {
                let list: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{expression} in ({})", list.join(", "))
            }
        };
        // What has no value at all is none of those that are left out.
        if filter.excluded { format!("coalesce(not ({condition}), true)") } else { format!("({condition})") }
    }
}
