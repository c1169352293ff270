//! What can be typed. A contract: names are added, never changed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod plan;

pub use plan::Plan;

/// Recommendations and more for a consumer-electronics shop, from its own data, on its own machine.
#[derive(Parser)]
#[command(name = "tercet", version, arg_required_else_help = true)]
pub struct Arguments {
    /// The shop's folder
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    pub shop: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Log more to stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make an empty shop with a commented tercet.toml
    Init { dir: PathBuf },
    /// A simulated 3C shop: made, trained, served, with the address printed
    Demo(Demo),
    /// Bring a shop's own files into its tables
    Import(Import),
    /// Tables, models, their age, and what is missing for which job
    Status,
    /// The whole shop as one file
    Backup { file: PathBuf },
    /// A shop from a backup, into the folder that --shop names (which must not exist)
    Restore { file: PathBuf },
    /// Check the shop's folder and say how to mend it
    Doctor {
        /// Mend what is safe to mend
        #[arg(long)]
        mend: bool,
    },
    /// Documents that customer service cites: listed, compared, retired, put back
    #[command(subcommand)]
    Knowledge(Knowledge),
    /// Any algorithm on plain files, without a shop
    #[command(subcommand)]
    Lab(Lab),
    /// Ask the shop's tables
    Sql(Sql),
    /// Ask for figures in words: "revenue by brand last month", "上个月各品牌的销售额"
    Question(Question),
    /// Learn from events and orders, and from what people write
    Train(Train),
    /// Customer groups found by train segment
    #[command(subcommand)]
    Segment(Segment),
    /// Named sets of customers
    #[command(subcommand)]
    Audience(Audience),
    /// Compare algorithms on held-out data
    Evaluate(Evaluate),
    /// What a customer is likely to want next
    Recommend(Recommend),
    /// Products like a product, or words used like a word
    Similar(Similar),
    /// What customers say of products, aspect by aspect
    Opinions(Opinions),
    /// Products and documents for what somebody would type
    Search(Search),
    /// Ask customer service one thing, as a customer would
    Ask(Ask),
    /// Talk to customer service in the terminal
    Chat(Chat),
    /// Customer service under test
    #[command(subcommand)]
    Assist(Assist),
    /// What the shop's own site needs for customer service
    #[command(subcommand)]
    Service(Service),
    /// Copy for a product on a channel, checked; a whole category into a file; or the check of any text
    Write(Box<Write>),
    /// Copies that people work on
    #[command(subcommand)]
    Drafts(Drafts),
    /// Models that write, learned from the shop's pairs of texts by train seq2seq
    #[command(subcommand, name = "seq2seq")]
    Seq2Seq(Seq2Seq),
    /// What will sell, what customers are worth, where money should go
    #[command(subcommand)]
    Plan(Plan),
    /// Campaigns with a control group: how large, and whether they worked
    #[command(subcommand)]
    Experiment(Experiment),
    /// What to do today: what it is expected to bring, why, and what became of it
    Decide(Decide),
    /// The week, other days or a campaign as a page, a PDF, a workbook, a table or in words: what changed, why, and what to do
    Report(Report),
    /// What is out of order: data that stopped, mixes that changed, a poor model, odd spend
    Alerts(Alerts),
    /// The jobs that the server starts by itself: when they are due next, and what became of them
    Schedule,
    /// Carry out: copies to a decision's list or an audience, with a control group, approved, limited, never twice
    #[command(subcommand)]
    Send(Box<Send>),
    /// Serve the API and the console
    Serve(Serve),
    /// Answer AI clients by the Model Context Protocol, on standard input and output
    Mcp(Mcp),
    /// API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Set the console's password (read from stdin), or make one
    Password {
        /// Make one and print it
        #[arg(long)]
        generate: bool,
    },
}

#[derive(Args)]
pub struct Sql {
    pub statement: String,
    /// Write all rows to FILE.csv or FILE.parquet; without it, the first 1,000 are printed
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct Mcp {
    /// A server that runs, such as http://127.0.0.1:7878 (or TERCET_SERVER); without it, the shop folder. TERCET_KEY is the key to ask with;
    /// without one, the folder is only read
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

#[derive(Args)]
pub struct Question {
    /// In Chinese or English; each further one may follow the one before
    #[arg(required = true, value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Language of the answer; the shop's if absent
    #[arg(long, value_parser = ["zh", "en"])]
    pub lang: Option<String>,
    /// The day that "last week" counts from; today if absent, or the last day of data that ended a week ago
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<String>,
    /// Also the statements that were run
    #[arg(long)]
    pub sql: bool,
}

#[derive(Args, Clone)]
pub struct Train {
    /// What to train
    #[arg(default_value = "recommend", value_parser = ["recommend", "segment", "language", "assist", "writer", "seq2seq", "strategy", "all"])]
    pub what: String,
    /// The algorithm's card; without it, settings of several are searched and the best is kept (segment: k_means, with
    /// as many groups as suit the data unless --set n_clusters=N)
    #[arg(long, value_name = "CARD")]
    pub algorithm: Option<String>,
    /// A parameter of the card
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// segment: group by behaviour (what, when, for how much), or by taste (which products, as the factor model sees them)
    #[arg(long, default_value = "behaviour", value_parser = ["behaviour", "taste"])]
    pub by: String,
    /// seq2seq: the model's name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// seq2seq: what to learn from: titles, descriptions, questions (of documents), or a file in the shop's folder
    #[arg(long, value_name = "PAIRS")]
    pub pairs: Option<String>,
    /// seq2seq: go on with what was stopped
    #[arg(long, conflicts_with_all = ["pairs", "set", "restart"])]
    pub resume: bool,
    /// seq2seq: begin anew although something was stopped, and lose it
    #[arg(long)]
    pub restart: bool,
    /// writer: the language it learns to write; the shop's own if absent
    #[arg(long, value_parser = ["zh", "en"])]
    pub language: Option<String>,
    /// Settings the search tries
    #[arg(long, default_value_t = service::flows::train::N_TRIALS as u16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub trials: u16,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
}

impl Train {
    /// Whether something is said that only writing models have.
    pub fn is_of_seq2seq(&self) -> bool {
        self.name.is_some() || self.pairs.is_some() || self.resume || self.restart
    }
}

#[derive(Args)]
pub struct Decide {
    /// The day to decide for, from the last one of the shop's data on, which it is if absent
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<String>,
    /// Those last worked out, without working them out again
    #[arg(long, conflicts_with = "day")]
    pub last: bool,
    /// Accept the one with this id; whoever is on its list counts as written to from then on
    #[arg(long, value_name = "ID", conflicts_with_all = ["day", "last", "reject"])]
    pub accept: Option<String>,
    /// Reject the one with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["day", "last"])]
    pub reject: Option<String>,
    /// Why, for those who read it later
    #[arg(long)]
    pub note: Option<String>,
    /// Print whom to write to by the accepted one with this id, as CSV
    #[arg(long, value_name = "ID", conflicts_with_all = ["day", "last", "accept", "reject", "note"])]
    pub customers: Option<String>,
}

#[derive(Subcommand)]
pub enum Send {
    /// Sendings, the newest first
    List,
    /// Channels that carry copies, and under what terms
    Channels,
    /// Make one; nothing is sent
    New(SendNew),
    /// How far one is
    Show { id: String },
    /// The dry run: what would be sent to how many, and why others are left out
    Try { id: String },
    /// Say that it may go
    Approve {
        id: String,
        #[command(flatten)]
        by: SendBy,
    },
    /// Send what may go now; a running server does so by itself
    Run { id: String },
    /// Stop it for now
    Pause {
        id: String,
        #[command(flatten)]
        by: SendBy,
    },
    /// Let it go on
    Resume {
        id: String,
        #[command(flatten)]
        by: SendBy,
    },
    /// Try those again whom the other side did not take
    Retry {
        id: String,
        #[command(flatten)]
        by: SendBy,
    },
    /// End it for good
    Cancel {
        id: String,
        #[command(flatten)]
        by: SendBy,
    },
    /// What it hands over as a file (the channel csv)
    File { id: String, file: PathBuf },
    /// Somebody wants no more: take the consent away that the copy with this key rested on
    Stop { key: String },
}

#[derive(Args)]
pub struct SendNew {
    pub name: String,
    /// An accepted decision with a list
    #[arg(long, value_name = "ID", required_unless_present = "audience", conflicts_with = "audience")]
    pub decision: Option<String>,
    /// Id or name
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// By which way of customers' consent, through which channel, which approved drafts; again for another way
    #[arg(long = "by-way", value_name = "WAY=CHANNEL:DRAFT[,DRAFT]", required = true)]
    pub routes: Vec<String>,
    /// The part of an audience that is left out to measure the effect; that of [decisions] if absent
    #[arg(long, value_name = "SHARE")]
    pub control: Option<f64>,
    /// In the shop's currency
    #[arg(long, value_name = "MONEY")]
    pub budget: Option<f64>,
    /// By the clocks of the shop; as soon as it is approved if absent
    #[arg(long, value_name = "YYYY-MM-DDTHH:MM")]
    pub not_before: Option<String>,
    /// Not after then; a week later if absent
    #[arg(long, value_name = "YYYY-MM-DDTHH:MM")]
    pub until: Option<String>,
    #[command(flatten)]
    pub who: SendBy,
}

#[derive(Args)]
pub struct SendBy {
    /// Who does it
    #[arg(long, value_name = "NAME", default_value = "command line")]
    pub by: String,
    /// Why, for those who read it later
    #[arg(long)]
    pub why: Option<String>,
}

#[derive(Subcommand)]
pub enum Experiment {
    /// Campaigns and their arms, as the exposures tell them
    List,
    /// Each arm of a campaign against the one that got nothing
    Read {
        campaign: String,
        /// The arm that got nothing; found by its name (control, holdout, none) if absent
        #[arg(long, value_name = "ARM")]
        control: Option<String>,
        #[arg(long, default_value = "revenue", value_parser = ["response", "ordered", "revenue"])]
        outcome: String,
        /// Days after the first exposure that count
        #[arg(long, default_value_t = 30, allow_negative_numbers = true)]
        days: i32,
        #[arg(long, default_value = "fixed", value_parser = ["fixed", "sequential", "bayesian"])]
        method: String,
        /// Of interest beside the outcome: ordered
        #[arg(long, value_name = "MEASURE")]
        secondary: Vec<String>,
        /// Must not get worse by more than so many parts: ordered=0.02
        #[arg(long, value_name = "MEASURE=MARGIN")]
        guardrail: Vec<String>,
        /// Customers that are to take part, all arms together; those whose days are not over yet are waited for if absent
        #[arg(long)]
        planned: Option<u64>,
        #[arg(long, default_value_t = 0.95, allow_negative_numbers = true)]
        level: f64,
    },
    /// How many customers are needed, and how long that takes
    Design {
        /// The share that does it anyway; with --deviation, the mean
        #[arg(long, allow_negative_numbers = true)]
        baseline: f64,
        /// The smallest effect worth finding, in parts of the baseline: 0.1
        #[arg(long, allow_negative_numbers = true)]
        lift: f64,
        /// A customer's standard deviation, if it is no share
        #[arg(long, allow_negative_numbers = true)]
        deviation: Option<f64>,
        #[arg(long, default_value_t = 0.8, allow_negative_numbers = true)]
        power: f64,
        #[arg(long, default_value_t = 0.95, allow_negative_numbers = true)]
        level: f64,
        /// Customers who come in a day
        #[arg(long, allow_negative_numbers = true)]
        per_day: Option<f64>,
    },
}

#[derive(Subcommand)]
pub enum Segment {
    /// The groups with their sizes and values
    List {
        /// Language of names
        #[arg(long, value_parser = ["zh", "en"])]
        lang: Option<String>,
    },
    /// One group: who they are, what sets them apart, what to do
    Show {
        /// A key of segment list, or one of the RFM groups such as champions
        key: String,
        #[arg(long, value_parser = ["zh", "en"])]
        lang: Option<String>,
    },
    /// Every customer's group and scores
    Export {
        /// FILE.csv or FILE.parquet
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Audience {
    /// All audiences
    List,
    /// An audience by conditions, filled at once
    Create {
        #[arg(long)]
        name: String,
        /// A JSON tree of conditions, or @FILE that holds one
        #[arg(long, value_name = "JSON|@FILE")]
        conditions: String,
        #[arg(long, default_value = "daily", value_parser = ["hourly", "daily", "never"])]
        refresh: String,
        /// Only count and show the SQL
        #[arg(long)]
        count: bool,
    },
    /// Customers like those of an audience, ranked
    Lookalike {
        /// Id of the audience to find more like
        #[arg(long, value_name = "ID")]
        seed: String,
        #[arg(long)]
        name: String,
        /// How many customers
        #[arg(short = 'n', long, default_value_t = 1000)]
        size: usize,
    },
    /// Who is left out of campaigns because something is open, and why
    HeldBack {
        /// How many customers to show
        #[arg(short = 'n', long, default_value_t = 20)]
        limit: usize,
    },
    /// The members as CSV
    Export {
        id: String,
        /// Only those who agreed to be addressed on this channel
        #[arg(long, value_name = "NAME", required_unless_present = "all")]
        channel: Option<String>,
        /// All members, whatever they agreed to: not for addressing them
        #[arg(long, conflicts_with = "channel")]
        all: bool,
        /// stdout if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Find out anew who belongs to it
    Refresh { id: String },
    /// Give it another name
    Rename {
        id: String,
        #[arg(long)]
        name: String,
    },
    /// Delete an audience
    Delete { id: String },
}

#[derive(Args)]
pub struct Evaluate {
    #[arg(default_value = "recommend", value_parser = ["recommend"])]
    pub what: String,
    /// Cards to compare; if absent all but those that take minutes
    #[arg(long, value_name = "CARD", value_delimiter = ',')]
    pub algorithm: Vec<String>,
    /// A parameter, when one algorithm is named
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// temporal (the last tenth of all entries, as train judges), random (a fifth of each customer) or leave-one-out
    #[arg(long, default_value = "temporal")]
    pub split: String,
    /// Lengths of the lists judged
    #[arg(long, value_delimiter = ',', default_value = "10,20")]
    pub k: Vec<usize>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Print all figures instead of the most telling few
    #[arg(long)]
    pub all_metrics: bool,
    /// Also write the plot as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<PathBuf>,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).args(["customer", "all", "replay"]))]
pub struct Recommend {
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Lists for all customers, as rows of customer_id, position, product_id, score, propensity
    #[arg(long)]
    pub all: bool,
    /// With --all: only for the members of this audience (its id or name)
    #[arg(long, value_name = "ID", requires = "all", requires = "consent")]
    pub audience: Option<String>,
    /// Of the audience, only those who agreed to be addressed on this channel
    #[arg(long, value_name = "NAME", requires = "audience", group = "consent")]
    pub channel: Option<String>,
    /// All of the audience, whatever they agreed to: not for addressing them
    #[arg(long, requires = "audience", group = "consent")]
    pub regardless: bool,
    /// With --all: keep everybody's first ten in the table recommendations, for conditions of audiences to ask
    #[arg(long, requires = "all", conflicts_with_all = ["audience", "output"])]
    pub keep: bool,
    /// A list given before: its terms and reasons, and whether it comes out the same today
    #[arg(long, value_name = "LIST_ID")]
    pub replay: Option<String>,
    /// Where the lists of --all go: FILE.csv or FILE.parquet; stdout as CSV if absent
    #[arg(short, long, value_name = "FILE", requires = "all")]
    pub output: Option<PathBuf>,
    #[arg(short, long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub n: u16,
    /// Say why, with the terms of each score
    #[arg(long)]
    pub explain: bool,
    /// What is being looked at: product=ID
    #[arg(long, value_name = "product=ID")]
    pub context: Option<String>,
    /// Only this category
    #[arg(long)]
    pub category: Option<String>,
    /// Popularity of this region where the model is silent
    #[arg(long)]
    pub region: Option<String>,
    /// Language of the reasons
    #[arg(long, value_parser = ["zh", "en"])]
    pub lang: Option<String>,
    /// Also what the customer bought already
    #[arg(long)]
    pub include_owned: bool,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("to what").required(true).args(["product", "word", "text"]))]
pub struct Similar {
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    /// A word of the shop's reviews, descriptions and documents
    #[arg(long, value_name = "WORD")]
    pub word: Option<String>,
    /// Any text: products and documents that mean most like it
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    #[arg(short, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub n: u16,
}

#[derive(Args)]
pub struct Opinions {
    /// One product; without it, all that have reviews
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    #[arg(long, default_value = "reviews", value_parser = ["reviews", "best", "worst"])]
    pub sort: String,
    #[arg(short, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub n: u16,
    /// Language of names
    #[arg(long, value_parser = ["zh", "en"])]
    pub lang: Option<String>,
}

#[derive(Args)]
pub struct Search {
    pub query: String,
    #[arg(long = "in", default_value = "all", value_parser = ["products", "documents", "all"])]
    pub within: String,
    /// As the text says if absent, else relevance
    #[arg(long, value_parser = ["relevance", "price_asc", "price_desc", "newest", "best_selling"])]
    pub sort: Option<String>,
    #[arg(short, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub n: u16,
}

#[derive(Subcommand)]
pub enum Seq2Seq {
    /// Models that write, and those being learned
    List,
    /// Write for a text
    Write {
        name: String,
        text: String,
        /// Texts kept side by side while searching
        #[arg(long, default_value_t = 5, value_name = "N")]
        beam: usize,
        /// Texts printed, at most as many as are kept
        #[arg(short, default_value_t = 3, value_name = "N")]
        n: usize,
        /// A phrase that must occur
        #[arg(long, value_name = "PHRASE")]
        must: Vec<String>,
        /// A phrase that must not occur
        #[arg(long, value_name = "PHRASE")]
        must_not: Vec<String>,
        /// No sequence of so many words (of Chinese: characters) may occur twice; 0 allows it
        #[arg(long, default_value_t = 0, value_name = "N")]
        no_repeat: usize,
        /// Draw at random instead of searching: below 1 likelier words gain, above 1 they lose
        #[arg(long, value_name = "T")]
        temperature: Option<f64>,
        /// Draw at random among the likeliest words that together have this probability
        #[arg(long, value_name = "P")]
        top_p: Option<f64>,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Also what each unit written looked at; --json always has it
        #[arg(long)]
        attention: bool,
    },
    /// Delete a model with all its versions
    Delete { name: String },
}

#[derive(Args)]
pub struct Ask {
    pub text: String,
    /// As this customer, whose orders may then be told
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// As from the page of this product
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    /// Language for texts too short to tell
    #[arg(long, value_parser = ["zh", "en"])]
    pub lang: Option<String>,
    /// Also how it was understood and decided; --json always has it
    #[arg(long)]
    pub trace: bool,
}

#[derive(Args)]
pub struct Chat {
    /// As this customer, whose orders may then be told
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// As from the page of this product
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    /// Language for texts too short to tell
    #[arg(long, value_parser = ["zh", "en"])]
    pub lang: Option<String>,
    /// Also how each message was understood and decided
    #[arg(long)]
    pub trace: bool,
}

#[derive(Subcommand)]
pub enum Assist {
    /// Hold the conversations of a file and say what was answered otherwise than expected
    Test {
        /// TOML with [[conversation]], or JSON, one conversation a line
        file: PathBuf,
        /// Hold them at noon of this day where the shop is, YYYY-MM-DD; else now
        #[arg(long)]
        day: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum Service {
    /// Make the secret that signs customers' tokens, or another one: tokens signed before are void then
    TokenSecret,
    /// A token for a customer, to try the widget as them
    Sign {
        customer: String,
        /// For how long it is good
        #[arg(long, default_value_t = 60, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=44_640))]
        minutes: u32,
    },
    /// What there is to tell customers of a day without their asking: late parcels, fallen prices, successors
    Proactive {
        /// Today where the shop is, if absent
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Option<String>,
    },
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("task").args(["check_only", "output"]))]
pub struct Write {
    /// The product that is written about, or whose fields a checked text has to keep to
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    /// marketplace_title, selling_points, detail_page, sms, push, email, wechat_article, moments, xiaohongshu, douyin, live,
    /// search_ad, store_page, social or poster
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    #[arg(long, default_value = "launch", value_parser = ["launch", "promotion", "win_back", "cross_sell", "upgrade"])]
    pub goal: String,
    #[arg(long, value_parser = ["plain", "warm", "lively", "expert", "refined"])]
    pub tone: Option<String>,
    /// The shop's own if absent
    #[arg(long, value_parser = ["zh", "en"])]
    pub language: Option<String>,
    #[arg(long, value_parser = ["short", "medium", "long"])]
    pub length: Option<String>,
    /// At most 12; 4 of one product, 1 of each where many are written about
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=12))]
    pub variants: Option<u8>,
    /// Another seed, other texts
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A customer group in service: what it buys orders the selling points
    #[arg(long, value_name = "KEY")]
    pub segment: Option<String>,
    /// What the customers own, for upgrade and cross_sell
    #[arg(long, value_name = "ID")]
    pub owned: Option<String>,
    /// Price of the offer, such as 5499 or 5499.90; below the product's price
    #[arg(long, value_name = "AMOUNT")]
    pub offer_price: Option<String>,
    #[arg(long, value_name = "CODE")]
    pub coupon: Option<String>,
    /// What the coupon takes off
    #[arg(long, value_name = "AMOUNT", requires = "coupon")]
    pub coupon_off: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub gift: Option<String>,
    /// Last day of the offer
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub offer_ends: Option<String>,
    /// Many products: percent off each price
    #[arg(long, value_name = "PERCENT", requires = "output", conflicts_with = "offer_price", value_parser = clap::value_parser!(u8).range(1..=90))]
    pub percent_off: Option<u8>,
    /// best: all that can write, and the judge takes the best (many products: grammar unless said)
    #[arg(long, value_parser = ["best", "grammar", "learned", "model"])]
    pub writer: Option<String>,
    /// Say each variant, or with --draft that draft, again in this language
    #[arg(long, value_name = "LANGUAGE", value_parser = ["zh", "en"])]
    pub translate: Option<String>,
    /// With --translate: a draft of the shop; its translation is kept as a draft
    #[arg(long, value_name = "ID", requires = "translate", conflicts_with_all = ["product", "output", "check_only"])]
    pub draft: Option<String>,
    /// With --channel poster: each variant as FOLDER/PRODUCT-N-FORMAT.svg
    #[arg(long, value_name = "FOLDER", requires = "channel", conflicts_with_all = ["output", "check_only"])]
    pub posters: Option<PathBuf>,
    /// Say nothing of the shop's other products
    #[arg(long)]
    pub no_comparison: bool,
    /// Only check this text: the text itself, - for stdin, or @FILE; ends with 1 if it may not be published
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub check_only: Option<String>,
    /// With --check-only and --channel: as this field of the channel, within its limits
    #[arg(long, value_name = "NAME", requires = "check_only", requires = "channel")]
    pub field: Option<String>,
    /// Write about everything on sale at or below this category
    #[arg(long, value_name = "PATH", requires = "output", conflicts_with = "product")]
    pub category: Option<String>,
    /// Copies of a category, or of the whole catalogue, as rows; goes on with what was broken off
    #[arg(short, long, value_name = "FILE.csv", conflicts_with = "product", requires = "channel")]
    pub output: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Drafts {
    /// Drafts, the last changed first
    List {
        /// draft, review, approved, rejected or all
        #[arg(long, default_value = "all", value_parser = ["draft", "review", "approved", "rejected", "all"])]
        state: String,
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        #[arg(long, value_name = "ID")]
        product: Option<String>,
        /// At most 500
        #[arg(short, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
        n: u16,
    },
    /// Drafts as a file: FILE.csv, .html or .json, or the table of an advertising platform
    Export {
        file: PathBuf,
        #[arg(long, default_value = "approved", value_parser = ["draft", "review", "approved", "rejected", "all"])]
        state: String,
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        #[arg(long, value_name = "ID")]
        product: Option<String>,
        #[arg(long, value_parser = service::flows::content::sheets::SHEETS, conflicts_with = "channel")]
        sheet: Option<String>,
        /// Names the campaign in rows and addresses, with each draft as arm: exposures can then be traced to it
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        /// Of a sheet: one group of advertisements for all; each product its own if absent
        #[arg(long, value_name = "NAME", requires = "sheet")]
        group: Option<String>,
        /// Of a sheet: where a product stands, with {product_id} in it; [content] product_url if absent
        #[arg(long, value_name = "URL", requires = "sheet")]
        address: Option<String>,
        /// Of a sheet: advertisements wait until somebody starts them
        #[arg(long, requires = "sheet")]
        paused: bool,
    },
    /// Approved copies of one product for an audience: who of those that agreed gets which, for whoever sends them
    Campaign(DraftsCampaign),
}

#[derive(Args)]
pub struct DraftsCampaign {
    /// FILE.csv, a row a customer named as in the table exposures, or FILE.json, each copy once
    pub file: PathBuf,
    /// Names the campaign in the rows, in addresses, and in what comes back
    #[arg(long, value_name = "NAME")]
    pub campaign: String,
    /// Id or name
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: String,
    /// Of the copies: sms, push, email, or another with --contact
    #[arg(long, value_name = "NAME")]
    pub channel: String,
    /// What the channel is called in customers' consent; known of sms (sms), push (app_push) and email (email)
    #[arg(long, value_name = "NAME")]
    pub contact: Option<String>,
    /// Needed where copies of several products are approved
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,
    /// Of the copies; the shop's own if absent
    #[arg(long, value_parser = ["zh", "en"])]
    pub language: Option<String>,
    /// The share of customers who get nothing, 0 to 0.9
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub control: f64,
    /// The share of the audience that takes part now; more later takes in more customers and moves none
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub share: f64,
    /// even, or learned: by the probability that a copy is the best, as the campaign's exposures tell
    #[arg(long, default_value = "even", value_parser = ["even", "learned"])]
    pub split: String,
    /// Where a product stands, with {product_id} in it; [content] product_url if absent
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,
}

#[derive(Args)]
pub struct Serve {
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// Events move from the log into the tables this often
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub flush_seconds: u64,
}

#[derive(Subcommand)]
pub enum Keys {
    /// Make a key; its secret is shown once
    Create {
        #[arg(long)]
        name: String,
        /// ingest, serve, manage, desk, approve (with manage: approves other people's copies); or converse alone, for the widget
        #[arg(long, default_value = "ingest,serve")]
        scopes: String,
    },
    /// The shop's keys, without secrets
    List,
    /// Revoke a key
    Revoke { id: String },
}

#[derive(Args)]
pub struct Demo {
    #[arg(default_value = "demo.shop")]
    pub dir: PathBuf,
    /// tiny (seconds), small (a minute), large (2 M customers)
    #[arg(long, default_value = "tiny", value_parser = ["tiny", "small", "large"])]
    pub size: String,
    /// Another number of customers than the size has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub customers: Option<u32>,
    /// Only make the shop: neither train nor serve
    #[arg(long)]
    pub make_only: bool,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Language of names, texts and documents
    #[arg(long, default_value = "zh", value_parser = ["zh", "en"])]
    pub lang: String,
    /// Last simulated day; today if absent
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub end: Option<domain::Day>,
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
}

#[derive(Args)]
pub struct Import {
    /// Files, folders or patterns; packed or not
    #[arg(required_unless_present = "preset")]
    pub inputs: Vec<String>,
    /// The table the rows belong to
    #[arg(long = "as", value_name = "TABLE")]
    pub table: Option<String>,
    /// A known layout; `tercet import --preset list` names them
    #[arg(long)]
    pub preset: Option<String>,
    /// A mapping file (TOML)
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// utf-8, gbk, latin-1 …; found out if absent
    #[arg(long)]
    pub encoding: Option<String>,
    /// One character, or tab; found out if absent
    #[arg(long)]
    pub delimiter: Option<String>,
    /// d/m/y or m/d/y, where a file leaves it open
    #[arg(long)]
    pub dates: Option<String>,
    /// Zone of times that name none
    #[arg(long)]
    pub zone: Option<String>,
    /// A longer line (or JSON object) is rejected
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = clap::value_parser!(u32).range(1024..=1 << 30))]
    pub max_record_bytes: u32,
    /// Parsers side by side; as many as there are cores if absent
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Hand the files to the server there, such as http://127.0.0.1:7878, which imports them while it serves. Without this option
    /// TERCET_SERVER is used where a server holds the shop
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The server's key, of scope manage; else TERCET_KEY
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// Documents that customer service cites.
#[derive(Subcommand)]
pub enum Knowledge {
    /// What there is, in which version, changed when
    List {
        /// Words that stand in id, title, source or text
        #[arg(long, value_name = "TEXT")]
        query: Option<String>,
        /// Only those that were retired
        #[arg(long)]
        retired: bool,
        #[arg(short, default_value_t = 50)]
        n: usize,
    },
    /// A document: its versions, and the pieces that are cited
    Show {
        id: String,
        /// What this version changed, instead of the pieces
        #[arg(long, value_name = "NUMBER")]
        version: Option<i64>,
    },
    /// Add a document, or a new version of it, from a file
    Add {
        file: PathBuf,
        /// The document whose new version it is; the file's name if absent
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Take a document out of use; its versions stay
    Retire { id: String },
    /// Put an earlier version back
    Restore {
        id: String,
        #[arg(long, value_name = "NUMBER")]
        version: i64,
    },
}

#[derive(Subcommand)]
pub enum Lab {
    /// Every card
    List,
    /// One card with its parameters
    Show { card: String },
    /// Fit on a file
    Run {
        card: String,
        #[arg(long, value_name = "PATH")]
        input: PathBuf,
        #[command(flatten)]
        options: LabOptions,
    },
    /// Fit on one file, judge on another
    Evaluate {
        card: String,
        #[arg(long, value_name = "PATH")]
        train: PathBuf,
        #[arg(long, value_name = "PATH")]
        test: PathBuf,
        #[arg(long, value_delimiter = ',', default_value = "10,20")]
        k: Vec<usize>,
        #[command(flatten)]
        options: LabOptions,
    },
}

#[derive(Args)]
pub struct LabOptions {
    /// A parameter of the card
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Lists for all users as rows of user, item, rank, score
    #[arg(long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Length of those lists; measures recommending for everybody
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Judge only the first so many users
    #[arg(long, value_name = "N")]
    pub users: Option<usize>,
    /// Keep ratings as weights when ranking
    #[arg(long)]
    pub weights: bool,
    /// Clustering: take a table of mixed columns with a header, scale numbers, spread categories, fill gaps
    #[arg(long)]
    pub prepare: bool,
    /// The catalogue, for a card that reads products: any file that import understands
    #[arg(long, value_name = "PATH")]
    pub items: Option<PathBuf>,
    /// The catalogue's layout, if it is one of `tercet import --preset list`
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
}

#[derive(Args)]
pub struct Report {
    /// The last whole week, which it is if neither days nor a sending are given
    #[arg(long, conflicts_with_all = ["from", "to", "sending"])]
    pub week: bool,
    /// The day up to which the week is looked for: the last of the shop's data if absent
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "to"])]
    pub day: Option<String>,
    /// Of other days: the first
    #[arg(long, value_name = "YYYY-MM-DD", requires = "to")]
    pub from: Option<String>,
    /// The last, at most 92 days
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    pub to: Option<String>,
    /// Of a sending, or of a campaign of the exposures
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "to"])]
    pub sending: Option<String>,
    /// zh or en; the shop's if absent
    #[arg(long)]
    pub lang: Option<String>,
    /// Write FILE.html, .pdf, .xlsx, .csv or .json; without it the words are printed
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
pub struct Alerts {
    /// The day to look at: today if absent
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<String>,
    /// Those of the last look of the server, with what is over
    #[arg(long, conflicts_with = "day")]
    pub last: bool,
}
