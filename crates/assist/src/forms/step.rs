//! One message for the form in hand: what it fills in, corrects, cancels or confirms, or that it is about something else.

use std::ops::Range;

use super::clean::Words;
use super::notice::Notice;
use super::purchases::{self, lines};
use super::read::{self, Reading};
use super::view::chosen_order;
use super::{
    CONFIRM, Field, FieldKind, Filling, Form, FormStep, FormWorld, STOCK_ALERT, Submission, say, spared, words,
};
use crate::policy::windows::{self, NO_REASON, OTHER_CAUSE, Purchase, Verdict};
use crate::understand::intents::Family;
use crate::understand::{Intent, Named, Understanding};
use crate::world::OrderRecord;

/// Text fields that a reason given in passing belongs to.
const REASON_FIELDS: &[&str] = &["details", "reason", "problem", "fault"];
/// An intent that is not the form's own takes a message away from free text only from this confidence on.
const SURE: f32 = 0.8;

/// Takes one message. `filling` changes with it; where [`FormStep::ends`] says so it is over and to be dropped. The message
/// that opened the form comes first, with nothing asked yet.
pub fn step(
    filling: &mut Filling,
    form: &Form,
    understanding: &Understanding,
    text: &str,
    world: &FormWorld,
) -> FormStep {
    let message = Words::of(text);
    let spared = spared::ranges(text);
    let things = Words::of(&spared::blanked(text, &spared));
    let of_things = spared::rest_of(understanding, &spared);
    let mut hand = Hand { filling, form, understanding, message, things, of_things: &of_things, world };
    match hand.filling.asked.clone() {
        None => hand.open(),
        Some(asked) if asked == CONFIRM => hand.confirming(),
        Some(asked) => match form.field(&asked) {
            Some(field) => hand.answering(field),
            // The shop has changed its form since.
            None => hand.go_on(&Heard::default()),
        },
    }
}

/// Takes up a form that something else interrupted: asks again what was asked last.
pub fn again(filling: &mut Filling, form: &Form, world: &FormWorld) -> FormStep {
    let understanding = Understanding::default();
    let (message, things) = (Words::of(""), Words::of(""));
    let of_things = &understanding;
    let mut hand = Hand { filling, form, understanding: &understanding, message, things, of_things, world };
    hand.go_on(&Heard::default())
}

/// What a message filled in.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// Names of fields that have a new value.
    set: Vec<String>,
    /// Names of fields that were said to be wrong, without a new value.
    cleared: Vec<String>,
    /// A value that was changed because the message says so.
    corrected: bool,
    /// What was meant as a value and is none.
    bad: Option<(String, Notice)>,
    /// Where in the message values stand.
    ranges: Vec<Range<usize>>,
}

impl Heard {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.cleared.is_empty()
    }
}

struct Hand<'h, 'w> {
    filling: &'h mut Filling,
    form: &'h Form,
    understanding: &'h Understanding,
    message: Words,
    /// The message without things that it says are not meant, and what was understood of the rest.
    things: Words,
    of_things: &'h Understanding,
    world: &'h FormWorld<'w>,
}

impl Hand<'_, '_> {
    fn open(&mut self) -> FormStep {
        if self.needs_sign_in() {
            return FormStep::SignIn { text: say::sign_in(self.world.lang) };
        }
        let mut heard = self.hear(None);
        self.defect_told(&mut heard);
        self.told_with_wish(&mut heard);
        self.company_named(&mut heard);
        self.go_on(&heard)
    }

    fn needs_sign_in(&self) -> bool {
        self.form.needs_identity() && self.world.customer_id.is_none()
    }

    fn answering(&mut self, field: &Field) -> FormStep {
        // 不用了 to a field that may be left out leaves out the field, not the form.
        if field.optional && words::skips(&self.message) {
            self.filling.skipped.push(field.name.clone());
            self.filling.n_refused = 0;
            return self.go_on(&Heard::default());
        }
        let is_text = matches!(field.kind, FieldKind::Text { .. });
        let is_choice = matches!(field.kind, FieldKind::Choice { .. });
        let mut trial = self.filling.clone();
        let (message, things) = (self.message.clone(), self.things.clone());
        let mut hand = Hand { filling: &mut trial, message, things, ..*self };
        let heard = hand.hear(Some(field));
        let answered = heard.set.contains(&field.name);
        if words::cancels(&self.message, &self.form.name, is_text || is_choice) && !(is_choice && answered) {
            return FormStep::Cancelled { text: say::cancelled(self.form, self.world.lang) };
        }
        // A bare yes is said to the form, whatever else its words may mean.
        let is_yes = heard.is_empty() && words::yes_no(&self.message) == Some(true);
        // "A person" is a choice of the field, word for word, and calls none.
        let is_chosen = answered && field.offers(&self.message.folded);
        if !is_yes && !is_chosen && self.is_elsewhere(Some(field), &heard) {
            // `13812345678 运费是我出吗`: the number counts, and what is asked beside it is answered.
            if answered && field.kind == FieldKind::Phone {
                *self.filling = trial;
            }
            return FormStep::NotMine;
        }
        if self.needs_sign_in() {
            return FormStep::SignIn { text: say::sign_in(self.world.lang) };
        }
        *self.filling = trial;
        if let Some((name, notice)) = &heard.bad
            && let Some(bad) = self.form.field(name)
        {
            return say::refuse(self.filling, bad, notice, self.world);
        }
        if heard.is_empty() {
            if let Some(heard) = self.other_cause(field) {
                return self.go_on(&heard);
            }
            // A remark where a number is waited for is no bad number.
            let has_digits = self.message.text.chars().any(|character| character.is_ascii_digit());
            let notice = match field.kind {
                FieldKind::Phone if !has_digits => Notice::NoPhone,
                _ => missed(&field.kind),
            };
            return say::refuse(self.filling, field, &notice, self.world);
        }
        self.go_on(&heard)
    }

    fn confirming(&mut self) -> FormStep {
        if words::cancels(&self.message, &self.form.name, false) {
            return FormStep::Cancelled { text: say::cancelled(self.form, self.world.lang) };
        }
        if self.needs_sign_in() {
            return FormStep::SignIn { text: say::sign_in(self.world.lang) };
        }
        if words::yes_no(&self.message) == Some(true) {
            return self.submit();
        }
        let mut trial = self.filling.clone();
        let (message, things) = (self.message.clone(), self.things.clone());
        let mut hand = Hand { filling: &mut trial, message, things, ..*self };
        let heard = hand.hear(None);
        if self.is_elsewhere(None, &heard) {
            return FormStep::NotMine;
        }
        *self.filling = trial;
        if let Some((name, notice)) = &heard.bad
            && let Some(bad) = self.form.field(name)
        {
            return say::refuse(self.filling, bad, notice, self.world);
        }
        if !heard.is_empty() {
            return self.go_on(&heard);
        }
        let no = words::yes_no(&self.message) == Some(false) || self.understanding.yes_no() == Some(false);
        if no || words::is_correcting(&self.message) {
            return say::ask_which(self.filling, self.form, self.world.lang);
        }
        say::refuse_yes(self.filling, self.world.lang)
    }

    /// Only a form that is complete, allowed and has its yes is submitted.
    fn submit(&mut self) -> FormStep {
        if self.next_field().is_some() {
            return self.go_on(&Heard::default());
        }
        let verdicts = match self.verdicts() {
            Ok(verdicts) => verdicts,
            Err(refused) => return *refused,
        };
        let evidence = verdicts.iter().flat_map(|(_, verdict)| verdict.evidence.iter().cloned()).collect();
        let fields = self.form.fields.iter().filter(|field| field.applies(self.filling));
        let values =
            fields.filter_map(|field| Some((field.name.clone(), self.filling.values.get(&field.name)?.clone())));
        let submission = Submission {
            form: self.form.name.clone(),
            customer_id: self.world.customer_id.map(str::to_owned),
            values: values.collect(),
            allowed_by: verdicts.iter().map(|(name, verdict)| format!("{name}: {}", verdict.why)).collect(),
        };
        FormStep::Submit { submission, text: say::submitted(self.form, self.world.lang), evidence }
    }

    /// The policies, then the next field, then the question for a yes.
    fn go_on(&mut self, heard: &Heard) -> FormStep {
        if self.needs_sign_in() {
            return FormStep::SignIn { text: say::sign_in(self.world.lang) };
        }
        let known = self.fill_known(heard);
        if !heard.is_empty() {
            self.filling.n_refused = 0;
        }
        if let Some((name, notice)) = &heard.bad
            && let Some(field) = self.form.field(name)
        {
            return say::refuse(self.filling, field, notice, self.world);
        }
        let mut verdicts = match self.verdicts() {
            Ok(verdicts) => verdicts,
            Err(refused) => return *refused,
        };
        let Some(field) = self.next_field().cloned() else {
            let verdicts: Vec<Verdict> = verdicts.into_iter().map(|(_, verdict)| verdict).collect();
            return say::confirm(self.filling, self.form, &verdicts, self.world);
        };
        if field.kind == FieldKind::Order && purchases::open_orders(self.world).next().is_none() {
            let why = say::no_orders(self.world.lang);
            return FormStep::NotAllowed { policy: "bought".into(), why, evidence: Vec::new(), instead: None };
        }
        // What a policy says is told once, when the message has brought what it rests on.
        let fresh = heard.set.iter().chain(&known).any(|name| self.rests_on(name));
        verdicts.retain(|_| fresh);
        let set: Vec<String> = heard.set.iter().chain(&known).cloned().collect();
        let verdicts: Vec<Verdict> = verdicts.into_iter().map(|(_, verdict)| verdict).collect();
        say::ask(self.filling, self.form, &field, &set, &verdicts, self.world)
    }

    /// Whether policies look at a field.
    fn rests_on(&self, name: &str) -> bool {
        name == "cause"
            || self.form.field(name).is_some_and(|field| matches!(field.kind, FieldKind::Order | FieldKind::OrderLine))
    }

    /// What the customer wrote in words of their own.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let fields = self.form.fields.iter().filter(|field| matches!(field.kind, FieldKind::Text { .. }));
        fields.filter_map(|field| self.filling.values.get(&field.name)).map(String::as_str)
    }

    fn next_field(&self) -> Option<&Field> {
        let open = |field: &&Field| !self.filling.values.contains_key(&field.name) && field.applies(self.filling);
        let skipped = |field: &&Field| field.optional && self.filling.skipped.contains(&field.name);
        self.form.fields.iter().filter(open).find(|field| !skipped(field))
    }

    /// Asks the policies whose facts are known.
    fn verdicts(&self) -> Result<Vec<(String, Verdict)>, Box<FormStep>> {
        let Some(order) = chosen_order(self.filling, self.world) else { return Ok(Vec::new()) };
        let value = |is: &dyn Fn(&FieldKind) -> bool| {
            self.form.of_kind(is).and_then(|field| self.filling.values.get(&field.name)).map(String::as_str)
        };
        let product_id = value(&|kind| *kind == FieldKind::OrderLine);
        let cause = self.filling.values.get("cause").map(String::as_str);
        let cause_waits = cause.is_none() && self.form.field("cause").is_some();
        let line_waits = product_id.is_none() && self.form.of_kind(|kind| *kind == FieldKind::OrderLine).is_some();
        let purchase = Purchase {
            order,
            product_id,
            product: product_id.and_then(|id| (self.world.product)(id)),
            n: value(&|kind| matches!(kind, FieldKind::Count { .. })).and_then(|n| n.parse().ok()).unwrap_or(1),
            cause: cause.or(Some(NO_REASON)),
            told: self.texts().collect(),
            policies: self.world.policies,
            today: self.world.today,
            day_of: self.world.day_of,
            currency: self.world.currency,
            lang: self.world.lang,
        };
        let mut verdicts = Vec::new();
        for name in std::iter::once("bought").chain(self.form.policies.iter().map(String::as_str)) {
            let waits = match name {
                "bought" | "not_shipped" => false,
                "return_window" => line_waits || cause_waits,
                _ => line_waits,
            };
            if waits {
                continue;
            }
            let verdict = windows::check(name, &purchase);
            if !verdict.allowed {
                let Verdict { why, evidence, instead, .. } = verdict;
                let policy = name.into();
                let instead = instead.map(str::to_owned);
                return Err(Box::new(FormStep::NotAllowed { policy, why, evidence, instead }));
            }
            if self.form.policies.iter().any(|named| named == name) {
                verdicts.push((name.to_owned(), verdict));
            }
        }
        Ok(verdicts)
    }
}

/// What is said where a message holds no value of a field.
fn missed(kind: &FieldKind) -> Notice {
    match kind {
        FieldKind::Order => Notice::NoSuchOrder,
        FieldKind::OrderLine => Notice::NotInOrder,
        FieldKind::Product => Notice::Product,
        FieldKind::Choice { .. } => Notice::Choice,
        FieldKind::Text { .. } => Notice::NoText,
        FieldKind::Phone => Notice::Phone,
        FieldKind::Email => Notice::Email,
        FieldKind::Address => Notice::Address,
        FieldKind::Day { .. } => Notice::NoDay,
        FieldKind::TaxNumber => Notice::TaxLength,
        FieldKind::Count { .. } => Notice::NoCount,
    }
}

mod hearing;
