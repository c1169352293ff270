//! Which shape to use, and how good such forecasts were: each look-alike that was seen over the whole horizon is foretold from the others,
//! knowing as many periods of its own as are known of the product.

use super::outlook::{Launch, Outlook, foretold, free};
use super::shape::Kind;
use super::{LOOKALIKES_MIN, PERIODS_MIN, Past};
use crate::{Answer, Caveat, StrategyError, Support};
use domain::Text;

/// Fewer look-alikes that were seen over the whole horizon try nothing.
pub const TRIED_MIN: usize = 5;
/// Levels and shapes drawn for one trial.
const N_KEPT: usize = 400;
/// With fewer look-alikes the answer is doubted.
const LOOKALIKES_FEW: usize = 6;

/// How a shape did on the look-alikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    pub kind: Kind,
    /// Look-alikes that were foretold.
    pub n: usize,
    /// The mean absolute error of what was to come, in parts of its mean; and that of the free forecast.
    pub error: f64,
    pub baseline_error: f64,
    /// The share of totals that lay inside their intervals.
    pub inside: f64,
}

/// A launch foretold by the shape that did best on its look-alikes, with how each did.
#[derive(Clone, Debug)]
pub struct Desk {
    pub outlook: Outlook,
    /// Best first; empty where too few look-alikes were seen over the whole horizon.
    pub tried: Vec<Tried>,
}

fn tried(past: &[&Past], n_periods: usize, n_known: usize, level: f64, kind: Kind, seed: u64) -> Option<Tried> {
    let (mut n, mut inside, mut error, mut free_error, mut mean) = (0, 0, 0.0, 0.0, 0.0);
    for (at, held) in past.iter().enumerate().filter(|(_, one)| one.sales.len() >= n_periods) {
        let others: Vec<&Past> = past.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, one)| *one).collect();
        let own = held.first(n_known);
        let ahead: Vec<f64> = (0..n_periods).map(|t| if t < n_known { 0.0 } else { held.exposure[t] }).collect();
        let told = foretold(&others, &own, &ahead, kind, level, seed.wrapping_add(at as u64), N_KEPT)?;
        let came: f64 = held.sales[n_known..n_periods].iter().sum();
        let season: Vec<f64> = held.exposure[..n_periods].to_vec();
        let (_, baseline) = free(&others, &own, &season);
        n += 1;
        inside += usize::from((told.remaining.low..=told.remaining.high).contains(&came));
        error += (told.remaining.value - came).abs();
        free_error += (baseline - told.sold - came).abs();
        mean += came;
    }
    let scale = mean.max(1e-9);
    (n >= TRIED_MIN).then(|| Tried {
        kind,
        n,
        error: error / scale,
        baseline_error: free_error / scale,
        inside: inside as f64 / n as f64,
    })
}

/// Foretells a launch from its look-alikes, by the shape that did best on them.
///
/// # Errors
/// If a value is out of its range. Too few look-alikes are no error but a refusal.
pub fn desk(launch: &Launch) -> Result<Answer<Desk>, StrategyError> {
    launch.check()?;
    let past: Vec<&Past> = launch.lookalikes.iter().filter(|one| one.sales.len() >= PERIODS_MIN).collect();
    let support = Support::of(past.len());
    if past.len() < LOOKALIKES_MIN {
        return Ok(Answer::refused(support, few_lookalikes(past.len()))
            .changed_by(Text::new("更多同类商品的上市记录。", "More launches of products like it.")));
    }
    if past.iter().all(|one| one.total() <= 0.0) {
        let why = Caveat::new("nothing_sold", "同类新品都没有卖出过。", "None of the look-alikes sold anything.");
        return Ok(Answer::refused(support, why));
    }
    let n_known = launch.ahead.iter().take_while(|ahead| **ahead <= 0.0).count().min(launch.own.sales.len());
    if n_known >= launch.n_periods() {
        let why = Caveat::new(
            "horizon_over",
            "预测期已经过完，没有可以预测的了。",
            "The horizon is over: nothing is left to foretell.",
        );
        return Ok(Answer::refused(support, why));
    }
    let try_one = |kind: &Kind| tried(&past, launch.n_periods(), n_known, launch.level, *kind, launch.seed);
    let mut tried: Vec<Tried> = Kind::ALL.iter().filter_map(try_one).collect();
    tried.sort_by(|a, b| a.error.total_cmp(&b.error));
    let kind = tried.first().map_or(Kind::Usual, |best| best.kind);
    let told = super::outlook::outlook(launch, kind)?;
    let Some(outlook) = told else {
        return Ok(Answer::refused(support, few_lookalikes(past.len())));
    };
    let answer = Answer::given(Desk { outlook, tried }, support);
    Ok(doubted(answer, n_known))
}

fn few_lookalikes(n: usize) -> Caveat {
    Caveat::new(
        "few_lookalikes",
        format!("只有 {n} 个同类新品看到了 {PERIODS_MIN} 期以上的销量，至少要 {LOOKALIKES_MIN} 个。"),
        format!("{n} look-alikes were seen for {PERIODS_MIN} periods and more; at least {LOOKALIKES_MIN} are needed."),
    )
}

/// What speaks against a forecast.
fn doubted(mut answer: Answer<Desk>, n_known: usize) -> Answer<Desk> {
    let Some(desk) = answer.value.clone() else { return answer };
    let n = desk.outlook.n_lookalikes;
    if n < LOOKALIKES_FEW {
        answer = answer.doubted(Caveat::new(
            "only_some_lookalikes",
            format!("只有 {n} 个同类新品可参考。"),
            format!("There are {n} look-alikes only to learn from."),
        ));
    }
    match desk.tried.first() {
        None => {
            answer = answer.doubted(Caveat::new(
                "not_tried",
                format!("看满整个预测期的同类新品不到 {TRIED_MIN} 个，没法用过去检验；曲线用的是它们的平均。"),
                format!("Fewer than {TRIED_MIN} look-alikes were seen over the whole horizon, so this was not tried on the past; the curve is their mean."),
            ));
        }
        Some(best) => {
            if best.error > best.baseline_error {
                let (own, free) = (100.0 * best.error, 100.0 * best.baseline_error);
                answer = answer.doubted(Caveat::new(
                    "worse_than_free",
                    format!("在这些同类新品上，模型的平均误差 {own:.0}%，不如直接取它们的均值（{free:.0}%）。"),
                    format!("On these look-alikes the model was off by {own:.0} % on average, their plain mean by {free:.0} %."),
                ));
            }
            // Fewer inside than nine of ten shops with true intervals would see.
            let level = desk.outlook.total.level;
            let usual = level - 1.3 * (level * (1.0 - level) / best.n as f64).sqrt();
            if best.inside < usual {
                let share = 100.0 * best.inside;
                answer = answer.doubted(Caveat::new(
                    "intervals_narrow",
                    format!("在同类新品上只有 {share:.0}% 落在区间里：区间偏窄。"),
                    format!("Of the look-alikes {share:.0} % lay inside their intervals: they are too narrow."),
                ));
            }
        }
    }
    let (total, before) = (desk.outlook.total, desk.outlook.total_before);
    if n_known > 0 && !(before.low..=before.high).contains(&total.value) {
        answer = answer.doubted(Caveat::new(
            "unlike_lookalikes",
            "它卖得和同类新品都不一样：请看看参考对象选得对不对。",
            "It sells unlike its look-alikes: look whether they are like it.",
        ));
    }
    if n_known == 0 {
        answer = answer.changed_by(Text::new("它自己第一期的销量。", "The first period of its own sales."));
    }
    if desk.outlook.n_with_preorders == 0 && n_known == 0 {
        answer = answer.changed_by(Text::new(
            "预售订单，以及同类新品当时的预售。",
            "Pre-orders of it, and those that look-alikes had.",
        ));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{Family, simulate};
    use super::*;
    use crate::Verdict;
    use math::Random;

    fn launch(seed: u64, level: f64, n: usize, n_known: usize) -> (Launch, f64, f64) {
        let mut random = Random::new(seed);
        let family = Family { level, ..Family::default() };
        let lookalikes = (0..n).map(|_| simulate(&family, &[1.0; 26], &mut random)).collect();
        let truth = simulate(&family, &[1.0; 26], &mut random);
        let ahead = (0..26).map(|t| f64::from(u8::from(t >= n_known))).collect();
        let own = if n_known == 0 { Past::default() } else { truth.first(n_known) };
        let next = truth.sales[n_known];
        (Launch { lookalikes, own, ahead, level: 0.9, seed }, truth.total(), next)
    }

    /// A family of products whose truth is known: before the first sale and after four weeks the totals lie inside, for products of
    /// some pieces a week and of hundreds.
    #[test]
    fn intervals_cover_and_narrow() {
        for level in [60.0, 4000.0] {
            let (mut inside, mut next_inside, mut widths, mut errors) = ([0; 2], [0; 2], [0.0; 2], [0.0; 2]);
            for seed in 0..200 {
                for (which, n_known) in [0, 4].into_iter().enumerate() {
                    let (asked, total, next) = launch(seed, level, 10, n_known);
                    let past: Vec<&Past> = asked.lookalikes.iter().collect();
                    let told = foretold(&past, &asked.own, &asked.ahead, Kind::Trapezoid, 0.9, seed, 500).unwrap();
                    inside[which] += usize::from((told.total.low..=told.total.high).contains(&total));
                    let period = told.periods[n_known];
                    next_inside[which] += usize::from((period.low..=period.high).contains(&next));
                    widths[which] += told.total.high - told.total.low;
                    errors[which] += (told.total.value - total).abs();
                }
            }
            for (which, when) in ["before the first sale", "after four weeks"].into_iter().enumerate() {
                crate::coverage::assert_covers(&format!("launch desk: total of {level}, {when}"), inside[which], 200);
                println!("coverage | launch desk: a week of {level}, {when} | {} of 200", next_inside[which]);
            }
            assert!(widths[1] < 0.7 * widths[0] && errors[1] < 0.8 * errors[0], "{widths:?} {errors:?}");
        }
    }

    /// Whatever the shape of the family, what is chosen by trial does not lose to the free mean after some weeks.
    #[test]
    fn the_chosen_shape_is_not_worse_than_the_mean_once_sales_are_known() {
        let (mut model, mut free) = (0.0, 0.0);
        for seed in 0..12 {
            let (asked, total, _) = launch(seed, 400.0, 12, 4);
            let answer = desk(&asked).unwrap();
            let told = answer.value.unwrap();
            assert_eq!(told.tried.len(), 4);
            model += (told.outlook.total.value / total).ln().abs();
            free += (told.outlook.baseline_total / total).ln().abs();
        }
        assert!(model < 1.02 * free, "{model} {free}");
    }

    #[test]
    fn preorders_move_the_level_before_the_first_sale() {
        let (mut asked, ..) = launch(3, 400.0, 12, 0);
        for one in &mut asked.lookalikes {
            one.preorders = Some((0.1 * one.total()).round());
        }
        let of = |preorders: Option<f64>| {
            let own = Past { preorders, ..Past::default() };
            let asked = Launch { own, ..asked.clone() };
            super::super::outlook(&asked, Kind::Usual).unwrap().unwrap()
        };
        let (none, few, many) = (of(None), of(Some(10.0)), of(Some(120.0)));
        assert_eq!((none.n_with_preorders, many.n_with_preorders), (0, 12));
        // Pre-orders were a tenth of the level; a few draw towards what look-alikes sold, many speak for themselves.
        assert!(
            (800.0..1400.0).contains(&many.total.value) && (80.0..280.0).contains(&few.total.value),
            "{:?} {:?}",
            many.total,
            few.total
        );
        assert!(few.total.value < none.total.value && none.total.value < many.total.value, "{:?}", none.total);
        assert!(many.total.high / many.total.low < none.total.high / none.total.low);
    }

    #[test]
    fn too_little_is_refused_and_what_is_wrong_is_told() {
        let (asked, ..) = launch(1, 400.0, 2, 0);
        let answer = desk(&asked).unwrap();
        assert_eq!((answer.support.verdict, answer.caveats[0].kind), (Verdict::Refused, "few_lookalikes"));
        let (asked, ..) = launch(1, 400.0, 4, 0);
        let answer = desk(&asked).unwrap();
        let kinds: Vec<&str> = answer.caveats.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, ["only_some_lookalikes", "not_tried"]);
        let silent = Launch { lookalikes: vec![Past::usual(vec![0.0; 9]); 4], ..asked.clone() };
        assert_eq!(desk(&silent).unwrap().caveats[0].kind, "nothing_sold");
        let over = Launch { own: asked.lookalikes[0].clone(), ahead: vec![0.0; 26], ..asked.clone() };
        assert_eq!(desk(&over).unwrap().caveats[0].kind, "horizon_over");
        let wrong = Launch { ahead: vec![1.0; 3], ..asked.clone() };
        assert!(desk(&wrong).unwrap_err().to_string().contains("4 to 104"));
        let mut wrong = asked;
        wrong.lookalikes[1].sales[2] = f64::NAN;
        assert!(desk(&wrong).unwrap_err().to_string().contains("row 2"));
    }
}
