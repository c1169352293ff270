//! Attribution for the lab: a table of touches in, credit by channel out, with an interval from resampled journeys.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};
use math::Random;

use super::several::{few_sales, not_causal};
use super::{Credit, Journey, Rule, Touch, attribute, attribute_checked};
use crate::registry::LEVEL;
use crate::{Answer, Column, Estimate, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Support, Table};

/// Below this many sales the shares are too unsure to be acted upon, and below the second not told.
const SALES_ENOUGH: f64 = 100.0;
const SALES_NEEDED: f64 = 10.0;

static CARD: Card = Card {
    name: "attribution",
    sentence: "Divides sales over the channels that touched the customer, by a rule, a Markov chain or Shapley's value.",
    family: "attribution",
    params: &[
        Param {
            name: "rule",
            sentence: "How credit is divided.",
            unit: "",
            kind: Kind::Choice {
                options: &["last", "first", "linear", "time_decay", "position", "markov", "shapley"],
                default: "markov",
            },
        },
        Param {
            name: "half_life_days",
            sentence: "Of time_decay: a touch this long before the last one counts half.",
            unit: "days",
            kind: Kind::Float { min: 0.001, max: 3650.0, default: 7.0 },
        },
        Param {
            name: "first_share",
            sentence: "Of position: the first touch's part.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.4 },
        },
        Param {
            name: "last_share",
            sentence: "Of position: the last touch's part.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.4 },
        },
        Param {
            name: "n_resamples",
            sentence: "Resamples of the journeys for the intervals; 0 for none.",
            unit: "samples",
            kind: Kind::Int { min: 0, max: 10_000, default: 200 },
        },
        LEVEL,
    ],
    input: "(n_touches) rows: journey, channel, at_days, converted (0 or 1, the same in all rows of a journey)[, value]",
    source: "Anderl et al. (2016): Mapping the customer journey; Zhao et al. (2018): Shapley value methods for attribution",
};

/// The model `attribution` of the registry.
pub static ATTRIBUTION: Model = Model {
    card: &CARD,
    columns: &[
        ("journey", "whose way a touch belongs to"),
        ("channel", "the channel that touched"),
        ("at_days", "when, in days"),
        ("converted", "1 if the journey ended in a sale, else 0"),
        ("value", "optional: money of the sale"),
    ],
    run,
};

fn rule_of(settings: &Settings) -> Rule {
    match settings.text("rule") {
        "last" => Rule::Last,
        "first" => Rule::First,
        "linear" => Rule::Linear,
        "time_decay" => Rule::TimeDecay { half_life_days: settings.float("half_life_days") },
        "position" => Rule::Position { first: settings.float("first_share"), last: settings.float("last_share") },
        "shapley" => Rule::Shapley,
        _ => Rule::Markov,
    }
}

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let (channels, journeys) = journeys_of(table)?;
    let rule = rule_of(settings);
    let credit = attribute(&journeys, channels.len(), rule)?;
    let last = attribute(&journeys, channels.len(), Rule::Last)?;
    let n_sold: f64 = credit.conversions.iter().sum();
    let support = Support::of(journeys.len());
    if n_sold < SALES_NEEDED {
        return Ok(Answer::refused(support, few_sales(n_sold)));
    }
    let resampled = resample(&journeys, channels.len(), rule, settings.usize("n_resamples"), options)?;
    let report = report(&channels, &credit, &last, &resampled, settings.float("level"))?;
    let answer = Answer::given(report, support);
    let answer = if n_sold < SALES_ENOUGH { answer.doubted(few_sales(n_sold)) } else { answer };
    Ok(not_causal(answer))
}

fn journeys_of(table: &Table) -> Result<(Vec<String>, Vec<Journey>), StrategyError> {
    let (ids, names) = (table.texts("journey")?, table.texts("channel")?);
    let (times, converted) = (table.numbers("at_days")?, table.numbers("converted")?);
    let values = if table.get("value").is_some() { Some(table.numbers("value")?) } else { None };
    let mut channels: Vec<String> = names.clone();
    channels.sort();
    channels.dedup();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by(|a, b| ids[*a].cmp(&ids[*b]).then(times[*a].total_cmp(&times[*b])));
    let mut journeys: BTreeMap<&str, Journey> = BTreeMap::new();
    for row in order {
        let sold = converted[row];
        if sold != 0.0 && sold != 1.0 {
            return Err(StrategyError::bad_value("column 'converted'", row, sold, "0 or 1"));
        }
        let value = values.map_or(0.0, |values| values[row]);
        let journey = journeys.entry(&ids[row]).or_insert_with(|| Journey {
            touches: Vec::new(),
            converted: sold == 1.0,
            value,
            weight: 1.0,
        });
        if journey.converted != (sold == 1.0) {
            return Err(StrategyError::bad_value("column 'converted'", row, sold, "the same in all rows of a journey"));
        }
        let channel = channels.binary_search(&names[row]).unwrap_or_default();
        journey.touches.push(Touch { channel, at_days: times[row] });
    }
    let journeys = journeys.into_values().collect();
    Ok((channels, journeys))
}

/// Shares of each channel in resamples of the journeys, each counted a Poisson number of times (Hanley and MacGibbon 2006).
pub(super) fn resample(
    journeys: &[Journey],
    n_channels: usize,
    rule: Rule,
    n: usize,
    options: &RunOptions,
) -> Result<Vec<Vec<f64>>, StrategyError> {
    let mut shares = vec![Vec::with_capacity(n); n_channels];
    for at in 0..n {
        if !(options.progress)(at as f64 / n as f64) {
            return Err(StrategyError::Cancelled);
        }
        let mut random = Random::stream(options.seed, at as u64);
        let weights: Vec<f64> = journeys.iter().map(|journey| journey.weight * poisson_of_one(&mut random)).collect();
        let credit = attribute_checked(journeys, n_channels, rule, &|at| weights[at]);
        let sum: f64 = credit.conversions.iter().sum();
        for (list, value) in shares.iter_mut().zip(&credit.conversions) {
            list.push(if sum > 0.0 { value / sum } else { 0.0 });
        }
    }
    Ok(shares)
}

/// A Poisson number of mean 1, by inversion.
fn poisson_of_one(random: &mut Random) -> f64 {
    let (mut rest, mut probability, mut n) = (random.uniform(), (-1.0f64).exp(), 0.0);
    while rest >= probability && n < 30.0 {
        rest -= probability;
        n += 1.0;
        probability /= n;
    }
    n
}

fn report(
    channels: &[String],
    credit: &Credit,
    last: &Credit,
    resampled: &[Vec<f64>],
    level: f64,
) -> Result<Report, StrategyError> {
    let n_sold: f64 = credit.conversions.iter().sum();
    let share = |at: usize| {
        let value = credit.conversions[at] / n_sold;
        if resampled[at].is_empty() {
            return Estimate::exact(value);
        }
        let spread = crate::budget::interval(&resampled[at], level);
        Estimate { value, low: spread.low.min(value), high: spread.high.max(value), level }
    };
    let mut figures = vec![Figure::exact("conversions", n_sold), Figure::exact("untouched", credit.untouched)];
    for (at, channel) in channels.iter().enumerate() {
        figures.push(Figure::estimated(format!("share_{channel}"), share(at)));
        figures.push(Figure::exact(format!("share_{channel}_last_touch"), last.conversions[at] / n_sold).as_baseline());
    }
    let best =
        (0..channels.len()).max_by(|a, b| credit.conversions[*a].total_cmp(&credit.conversions[*b])).unwrap_or(0);
    let column = |values: Vec<f64>| Column::Number(values);
    let each = |of: &dyn Fn(Estimate) -> f64| column((0..channels.len()).map(|at| of(share(at))).collect());
    let table = Table::new(vec![
        ("channel".to_owned(), Column::Text(channels.to_vec())),
        ("conversions".to_owned(), column(credit.conversions.clone())),
        ("value".to_owned(), column(credit.value.clone())),
        ("share".to_owned(), each(&|one| one.value)),
        ("share_low".to_owned(), each(&|one| one.low)),
        ("share_high".to_owned(), each(&|one| one.high)),
        ("conversions_last_touch".to_owned(), column(last.conversions.clone())),
    ])?;
    let (name, part) = (&channels[best], 100.0 * share(best).value);
    Ok(Report {
        summary: Text::new(
            format!("{n_sold:.0} 笔成交中，{name} 分得最多：{part:.1}%。"),
            format!("Of {n_sold:.0} sales, {name} is credited with the most: {part:.1} %."),
        ),
        figures,
        tables: vec![ReportTable { name: "credit", title: Text::new("各渠道功劳", "Credit by channel"), table }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{World, simulate};

    fn table(n: usize) -> Table {
        let world = World {
            first: vec![0.6, 0.4],
            next: vec![vec![0.1, 0.3], vec![0.2, 0.0]],
            sale: vec![0.1, 0.3],
            value: 100.0,
        };
        let (mut ids, mut names, mut times, mut sold) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, journey) in simulate(&world, n, 4).iter().enumerate() {
            for touch in &journey.touches {
                ids.push(format!("j{at}"));
                names.push(["feed", "search"][touch.channel].to_owned());
                times.push(touch.at_days);
                sold.push(f64::from(u8::from(journey.converted)));
            }
        }
        Table::new(vec![
            ("journey".to_owned(), Column::Text(ids)),
            ("channel".to_owned(), Column::Text(names)),
            ("at_days".to_owned(), Column::Number(times)),
            ("converted".to_owned(), Column::Number(sold)),
        ])
        .unwrap()
    }

    #[test]
    fn the_lab_divides_credit_with_intervals_beside_last_touch() {
        let settings = CARD.settings_from_texts(&["n_resamples=100"]).unwrap();
        let answer = run(&table(3000), &settings, &RunOptions::default()).unwrap();
        let report = answer.value.as_ref().unwrap();
        let feed = report.figures.iter().find(|figure| figure.name == "share_feed").unwrap().estimate;
        // The truth of `simulate`'s test, normalised.
        let x0 = (0.1 + 0.3 * 0.3) / (1.0 - 0.1 - 0.06);
        let all = 0.6 * x0 + 0.4 * (0.3 + 0.2 * x0);
        let (feed_effect, search_effect) = (1.0 - 0.4 * 0.3 / all, 1.0 - 0.6 * 0.1 / 0.9 / all);
        let truth = feed_effect / (feed_effect + search_effect);
        assert!(feed.low < truth && truth < feed.high && feed.high - feed.low < 0.1, "{feed:?} {truth}");
        assert!(answer.caveats.iter().any(|caveat| caveat.kind == "not_causal"));
        assert_eq!(answer, run(&table(3000), &settings, &RunOptions::default()).unwrap());
    }

    #[test]
    fn few_sales_are_refused_and_bad_columns_named() {
        let answer = run(&table(20), &CARD.defaults(), &RunOptions::default()).unwrap();
        assert_eq!((answer.value, answer.caveats[0].kind), (None, "few_sales"));
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        let two = |sold: &[f64]| {
            Table::new(vec![
                ("journey".to_owned(), text(&["a", "a"])),
                ("channel".to_owned(), text(&["x", "y"])),
                ("at_days".to_owned(), Column::Number(vec![0.0, 1.0])),
                ("converted".to_owned(), Column::Number(sold.to_vec())),
            ])
            .unwrap()
        };
        let told = |sold: &[f64]| run(&two(sold), &CARD.defaults(), &RunOptions::default()).unwrap_err().to_string();
        assert!(told(&[0.0, 2.0]).contains("row 1 holds 2"));
        assert!(told(&[0.0, 1.0]).contains("the same in all rows"));
        let stopped = RunOptions { progress: &|_| false, ..RunOptions::default() };
        assert_eq!(run(&table(3000), &CARD.defaults(), &stopped).unwrap_err(), StrategyError::Cancelled);
    }
}
