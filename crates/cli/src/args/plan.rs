//! What `tercet plan` may be asked.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Plan {
    /// Sales of the periods to come, in all and by part
    Forecast {
        #[arg(long, default_value = "total", value_parser = ["total", "department", "category", "brand", "channel", "store", "product"])]
        by: String,
        #[arg(long, default_value = "revenue", value_parser = ["revenue", "units", "orders"])]
        measure: String,
        #[arg(long, default_value = "month", value_parser = ["day", "week", "month"])]
        period: String,
        /// Periods ahead
        #[arg(long, default_value_t = 6)]
        horizon: usize,
        /// The share of intervals that hold the truth
        #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
        level: f64,
        /// Parts told one by one; the rest is one more
        #[arg(short = 'n', long, default_value_t = 12)]
        series: usize,
        /// auto, theta_dynamic, ets, seasonal_naive and more: tercet lab show forecast
        #[arg(long, default_value = "auto")]
        method: String,
    },
    /// Who is still a customer and what each is worth, as train strategy worked it out
    Customers,
    /// Product generations: who owns which, who is due for the next, what becomes of old stock, as train strategy worked it out
    Launch {
        /// Lines told one by one, and stocks
        #[arg(short = 'n', long, default_value_t = 10)]
        lines: usize,
    },
    /// What a new or planned product will sell in its first weeks, and whether to raise or cut its order; without a product, the launches
    LaunchDesk {
        /// A product of the catalogue; for a planned one give --category and --launch-on
        #[arg(long, value_name = "ID")]
        product: Option<String>,
        #[arg(long, value_name = "PATH")]
        category: Option<String>,
        #[arg(long)]
        brand: Option<String>,
        /// What the catalogue says if absent
        #[arg(long, value_name = "MONEY", allow_negative_numbers = true)]
        price: Option<f64>,
        #[arg(long, value_name = "MONEY", allow_negative_numbers = true)]
        cost: Option<f64>,
        /// The first day of sale, such as 2026-11-28
        #[arg(long, value_name = "DAY")]
        launch_on: Option<String>,
        /// Pieces on hand and on their way that no pre-order has taken; what the catalogue says if absent
        #[arg(long, allow_negative_numbers = true)]
        stock: Option<i64>,
        /// Pre-orders so far; what the orders before the launch say if absent
        #[arg(long, allow_negative_numbers = true)]
        preorders: Option<i64>,
        /// Weeks from the launch on
        #[arg(long, default_value_t = service::flows::plan::launch_desk::WEEKS)]
        weeks: usize,
        /// What a piece that is left at the end brings, in parts of the price; half of it if absent
        #[arg(long, allow_negative_numbers = true)]
        salvage: Option<f64>,
        /// Products whose launches tell of this one, in place of those found
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        like: Vec<String>,
    },
    /// What past promotions brought, after all that was held back for them and bought ahead of time
    Promotions {
        /// The shop's own: birthday:2026-03-10:2026-03-20
        #[arg(long, value_name = "NAME:FIRST:LAST")]
        own: Vec<String>,
        /// Days within which a customer is paid back the difference when a price falls
        #[arg(long, value_name = "DAYS", default_value_t = 7, allow_negative_numbers = true)]
        protection: i32,
    },
    /// How near customers are and which channels bring them nearer, as train strategy worked it out
    Crowd {
        #[arg(long = "as", default_value = "aipl", value_parser = ["states", "aipl", "4a", "5a"])]
        scheme: String,
    },
    /// What prices do, by category; with --product, when to lower its price so that its stock is sold
    Price {
        #[arg(long, value_name = "ID")]
        product: Option<String>,
        /// Weeks that are left
        #[arg(long, default_value_t = 8)]
        weeks: usize,
        /// Pieces; what the catalogue says if absent
        #[arg(long, allow_negative_numbers = true)]
        stock: Option<i64>,
        /// The lowest price to ask, in parts of the present one
        #[arg(long, default_value_t = 0.6, allow_negative_numbers = true)]
        lowest: f64,
        /// What a piece that is left brings, in parts of the present price
        #[arg(long, default_value_t = 0.2, allow_negative_numbers = true)]
        salvage: f64,
        /// Of demand to price, such as -2; the shop's own for the product's category if absent
        #[arg(long, allow_negative_numbers = true)]
        elasticity: Option<f64>,
    },
    /// Whom to treat as a past campaign did, by what it changed for whom
    Campaign {
        /// As experiment list names it
        campaign: String,
        /// The arm that got nothing; found by its name (control, holdout, none) if absent
        #[arg(long, value_name = "ARM")]
        control: Option<String>,
        #[arg(long, default_value = "response", value_parser = ["response", "ordered", "revenue"])]
        outcome: String,
        /// Days after the first exposure that count, where orders tell
        #[arg(long, default_value_t = 30, allow_negative_numbers = true)]
        days: i32,
        /// What one more who responds or orders is worth; what they spent, as margin where costs are known, if absent
        #[arg(long, value_name = "MONEY", allow_negative_numbers = true)]
        value: Option<f64>,
        /// What treating one customer costs: coupon=0.31; what the exposures say if absent
        #[arg(long, value_name = "ARM=MONEY")]
        cost: Vec<String>,
        /// Most to spend on today's customers; as much as pays for itself if absent
        #[arg(long, allow_negative_numbers = true)]
        budget: Option<f64>,
        /// Who is to be treated, with which arm, as CSV
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Trade-in subsidies for owners by category and age of device, under one budget
    TradeIn {
        /// Money for all of them; as much as pays for itself if absent
        #[arg(long, allow_negative_numbers = true)]
        budget: Option<f64>,
        /// Subsidies to choose from, in parts of the price of what is bought
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "0.02,0.04,0.06,0.08,0.1,0.15,0.2",
            allow_negative_numbers = true
        )]
        levels: Vec<f64>,
        /// What the shop keeps of an old device, in parts of its worth
        #[arg(long, default_value_t = 0.05, allow_negative_numbers = true)]
        resale: f64,
        /// Margin in parts of the price, where costs are not known
        #[arg(long, allow_negative_numbers = true)]
        margin: Option<f64>,
    },
    /// What a spec is worth in money, to all customers and to each group
    SellingPoints {
        /// The category with most purchases if absent
        #[arg(long, value_name = "PATH")]
        category: Option<String>,
    },
    /// Which channels get the credit for the orders of the last year, by seven rules, beside the mix model
    Attribution {
        /// Days before an order in which a touch counts for it
        #[arg(long, default_value_t = service::flows::plan::attribution::DAYS, allow_negative_numbers = true)]
        days: i32,
    },
    /// A budget over channels, from the weeks' sales and spends
    Budget {
        /// Weeks ahead
        #[arg(long, default_value_t = 4)]
        weeks: usize,
        /// Money for all of them; as much as is spent now if absent
        #[arg(long, allow_negative_numbers = true)]
        budget: Option<f64>,
        /// Sales to reach in these weeks, what comes without any channel included: finds the least money that does
        #[arg(long, value_name = "MONEY", allow_negative_numbers = true, conflicts_with = "budget")]
        reach: Option<f64>,
        /// Sales that a coin is to add on average: finds the most money that keeps this
        #[arg(long = "return", value_name = "TIMES", allow_negative_numbers = true, conflicts_with_all = ["budget", "reach"])]
        keep: Option<f64>,
        /// The least and the most for a channel: search=1000:5000, mail=:300
        #[arg(long, value_name = "CHANNEL=LEAST:MOST")]
        bound: Vec<String>,
        /// Draw from the whole posterior in any case, not only where the fast way is no picture of it
        #[arg(long)]
        sampled: bool,
        #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
        level: f64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: u16,
    },
}
