//! Several writers over one task: each gives drafts, one judge ranks them all, and the best of each angle that is accepted and differs
//! from those before it is taken. Each variant tells its writer and the parts of its judgement. What customers responded to decides
//! which angles come first ([`hopeful`]) and is a part of the judgement. Not here: the checks that accept a draft.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::channel::Channel;
use crate::plan::Plan;
use crate::response::hopeful;
use crate::vary::{SHARED_MAX, VARIANTS_MAX, shared};
use crate::write::{Angle, Draft, Judge, Judgement, Task, Writer};

/// Rounds over all angles.
const ROUNDS_MAX: u64 = 4;

/// A writer and how many drafts it gives for each variant.
#[derive(Clone, Copy)]
pub struct Seat<'a> {
    pub writer: &'a dyn Writer,
    pub n_drafts: usize,
    /// Rounds over the angles in which it is asked: one, where asking costs.
    pub n_rounds: u64,
}

/// Writers and their judge.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    pub seats: &'a [Seat<'a>],
    pub judge: Judge<'a>,
}

/// A variant that was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub angle: Angle,
    /// [`Draft::writer`] tells who wrote it.
    pub draft: Draft,
    /// The largest share of pairs of words that it has in common with an earlier variant, 0 to 1.
    pub shared: f64,
    /// Among all drafts of its angle.
    pub judgement: Judgement,
}

/// What became of a writer's drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub n_drafts: usize,
    /// Those that were not accepted.
    pub n_rejected: usize,
    pub n_chosen: usize,
    /// Why it did not write, the last time it did not.
    pub unavailable: Option<String>,
}

/// Variants and what became of all drafts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    pub variants: Vec<Choice>,
    /// By writer.
    pub writers: BTreeMap<String, Tally>,
}

impl Panel<'_> {
    /// Up to `n` variants (at most 12), one for each angle that the plan has something for, then further ones. Fewer, if no more
    /// are accepted and can be told apart. `accepts` is asked of the best draft first. A writer that cannot write is left out and told
    /// of.
    #[allow(clippy::too_many_arguments)]
    pub fn vary(
        &self,
        brief: &Brief,
        plan: &Plan,
        channel: &'static Channel,
        n: usize,
        seed: u64,
        last_openings: &[String],
        accepts: &mut dyn FnMut(&Draft) -> bool,
    ) -> Chosen {
        let angles: Vec<Angle> = Angle::ALL.into_iter().filter(|angle| angle.is_open(plan, brief)).collect();
        // An angle has its seeds whatever comes before it.
        let place = |angle: &Angle| angles.iter().position(|one| one == angle).unwrap_or_default();
        let ordered: Vec<(usize, Angle)> =
            hopeful(self.judge.past, channel.name, &angles).into_iter().map(|one| (place(&one), one)).collect();
        let mut chosen = Chosen::default();
        for round in 0..ROUNDS_MAX {
            for (nth, angle) in &ordered {
                if chosen.variants.len() >= n.min(VARIANTS_MAX) {
                    return chosen;
                }
                let seed = seed.wrapping_add(1000 * round + 10 * *nth as u64);
                let mut avoided: Vec<String> = last_openings.to_vec();
                avoided.extend(chosen.variants.iter().flat_map(|one| one.draft.openings.iter().cloned()));
                let task = Task { brief, plan, channel, angle: *angle, seed, last_openings: &avoided };
                self.choose(&task, round, &mut chosen, accepts);
            }
        }
        chosen
    }

    /// Adds the best draft of a task that is accepted and differs from those chosen before.
    fn choose(&self, task: &Task, round: u64, chosen: &mut Chosen, accepts: &mut dyn FnMut(&Draft) -> bool) {
        let mut drafts: Vec<Draft> = Vec::new();
        for seat in self.seats.iter().filter(|seat| round < seat.n_rounds) {
            let tally = chosen.writers.entry(seat.writer.name().to_owned()).or_default();
            match seat.writer.write(task, seat.n_drafts) {
                Ok(written) => {
                    tally.n_drafts += written.len();
                    drafts.extend(written);
                }
                Err(error) => tally.unavailable = Some(error.to_string()),
            }
        }
        for (at, judgement) in self.judge.rank(&drafts, task) {
            let draft = &drafts[at];
            let shared = chosen.variants.iter().map(|other| shared(&other.draft, draft)).fold(0.0, f64::max);
            if shared > SHARED_MAX {
                continue;
            }
            let tally = chosen.writers.entry(draft.writer.clone()).or_default();
            if accepts(draft) {
                tally.n_chosen += 1;
                chosen.variants.push(Choice { angle: task.angle, draft: draft.clone(), shared, judgement });
                return;
            }
            tally.n_rejected += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Cents, Product};

    use super::*;
    use crate::brief::Lang;
    use crate::plan::Market;
    use crate::response::Past;
    use crate::write::{Fluency, Grammarian, WriteError};

    fn brief() -> Brief {
        let specs = [("memory", "12 GB"), ("battery", "5000 mAh"), ("storage", "256 GB"), ("refresh_rate", "120 Hz")];
        let product = Product {
            product_id: "P".into(),
            name: "澜图 Orbit 3 手机".into(),
            category: Some("手机/智能手机".into()),
            price_cents: Some(Cents(399_900)),
            specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Product::default()
        };
        Brief {
            products: vec![product],
            channel: "social".into(),
            lang: Lang::Zh,
            currency: "CNY".into(),
            ..Brief::default()
        }
    }

    /// Writes one sentence over and over.
    struct Stammerer;

    impl Writer for Stammerer {
        fn name(&self) -> &str {
            "stammerer"
        }
        fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError> {
            let mut drafts = Grammarian.write(task, n)?;
            for draft in &mut drafts {
                draft.writer = "stammerer".into();
                draft.told.clear();
                draft.fields[0].text = "就就的的了了。。".repeat(3);
                draft.fields[0].spans.clear();
            }
            Ok(drafts)
        }
    }

    struct Down;

    impl Writer for Down {
        fn name(&self) -> &str {
            "down"
        }
        fn write(&self, _: &Task, _: usize) -> Result<Vec<Draft>, WriteError> {
            Err(WriteError::Unavailable { writer: "down".into(), why: "no answer".into() })
        }
    }

    fn vary(accepts: &mut dyn FnMut(&Draft) -> bool, neighbours: &[String]) -> Chosen {
        vary_after(accepts, neighbours, &[])
    }

    fn vary_after(accepts: &mut dyn FnMut(&Draft) -> bool, neighbours: &[String], past: &[Past]) -> Chosen {
        let brief = brief();
        let plan = Plan::new(&brief, &Market::default());
        let fluency = Fluency::of_grammar(Lang::Zh);
        let seat = |writer| Seat { writer, n_drafts: 4, n_rounds: 2 };
        let seats = [seat(&Stammerer as &dyn Writer), seat(&Down), seat(&Grammarian)];
        let judge = Judge { fluency: &fluency, neighbours, earlier: &[], past };
        Panel { seats: &seats, judge }.vary(&brief, &plan, brief.check().unwrap(), 4, 1, &[], accepts)
    }

    #[test]
    fn the_best_of_all_writers_is_taken_and_the_others_told_of() {
        let chosen = vary(&mut |_| true, &[]);
        assert_eq!(chosen.variants.len(), 4);
        assert!(chosen.variants.iter().all(|one| one.draft.writer == "grammar" && one.shared <= SHARED_MAX));
        let sums = chosen.variants.iter().map(|one| {
            let sum: f64 = one.judgement.merits.iter().map(|merit| merit.value * merit.weight).sum();
            (one.judgement.total - sum).abs()
        });
        assert!(sums.into_iter().all(|apart| apart < 1e-12));
        assert!(
            (chosen.variants[0].judgement.merits.iter().map(|merit| merit.weight).sum::<f64>() - 1.0).abs() < 1e-12
        );
        assert_eq!(
            chosen.writers["down"].unavailable.as_deref(),
            Some("the writer 'down' cannot write now: no answer")
        );
        assert_eq!((chosen.writers["grammar"].n_chosen, chosen.writers["stammerer"].n_chosen), (4, 0));
    }

    #[test]
    fn what_is_not_accepted_gives_way() {
        let none = vary(&mut |_| false, &[]);
        assert!(none.variants.is_empty() && none.writers["grammar"].n_rejected > 0);
        let others = vary(&mut |draft| draft.writer == "stammerer", &[]);
        assert!(others.variants.iter().all(|one| one.draft.writer == "stammerer"));
    }

    #[test]
    fn what_customers_responded_to_comes_first_and_counts() {
        let of = |angle: Angle, writer: &str, n_responded: u64| Past {
            channel: "social".into(),
            angle,
            writer: writer.into(),
            n_shown: 2000,
            n_responded,
        };
        let plain = vary(&mut |_| true, &[]);
        let angles = |chosen: &Chosen| chosen.variants.iter().map(|one| one.angle).collect::<Vec<_>>();
        let last = *angles(&plain).last().unwrap();
        let past: Vec<Past> = Angle::ALL
            .into_iter()
            .map(|angle| of(angle, "grammar", if angle == last { 400 } else { 100 }))
            .chain([of(last, "stammerer", 900)])
            .collect();
        let after = vary_after(&mut |_| true, &[], &past);
        assert_eq!(angles(&after)[0], last);
        // Who writes badly wins by no response.
        assert!(after.variants.iter().all(|one| one.draft.writer == "grammar"));
        let merits = &after.variants[0].judgement.merits;
        assert!((merits.iter().map(|one| one.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        let response = after.variants[0].judgement.merit("response").unwrap();
        assert!((0.0..1.0).contains(&response), "{response}");
        assert_eq!(plain.variants[0].judgement.merit("response"), None, "nothing was shown");
    }

    #[test]
    fn what_neighbours_say_counts_against_a_draft() {
        let first = &vary(&mut |_| true, &[]).variants[0];
        let brief = brief();
        let plan = Plan::new(&brief, &Market::default());
        let task = Task {
            brief: &brief,
            plan: &plan,
            channel: brief.check().unwrap(),
            angle: Angle::Goal,
            seed: 1,
            last_openings: &[],
        };
        let fluency = Fluency::of_grammar(Lang::Zh);
        let drafts = [first.draft.clone()];
        let distinct = |neighbours: &[String]| {
            let judged = Judge { fluency: &fluency, neighbours, earlier: &[], past: &[] }.rank(&drafts, &task);
            judged[0].1.merit("distinctness").unwrap()
        };
        // Of its own text, names and figures aside, nothing is new.
        let same = first.draft.fields.iter().map(|field| field.text.clone()).collect::<Vec<_>>().join("\n");
        assert!(distinct(&[]) == 1.0 && distinct(&[same]) < 0.7);
    }
}
