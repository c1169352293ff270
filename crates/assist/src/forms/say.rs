//! The sentences of forms: asking, refusing, confirming, submitting, each with what its figures rest on.

use super::notice::Notice;
use super::view::{offers, shown};
use super::{CONFIRM, Field, FieldKind, Filling, Form, FormStep, FormWorld, REFUSALS_MAX};
use crate::evidence::Evidence;
use crate::policy::windows::Verdict;
use crate::turn::Lang;

/// Choices to click at most.
const SUGGESTIONS_MAX: usize = 5;

/// Asks for a field and remembers that it was. `heard`: fields that this message filled in; `verdicts`: policies that have
/// just allowed it.
pub fn ask(
    filling: &mut Filling,
    form: &Form,
    field: &Field,
    heard: &[String],
    verdicts: &[Verdict],
    world: &FormWorld,
) -> FormStep {
    let opening = filling.asked.is_none();
    let mut said = Said::default();
    if opening {
        let title = form.title(world.lang);
        said.line(
            world.lang.choose(format!("好的，为您办理“{title}”。"), format!("All right, let us do this: {title}.")),
        );
    }
    said.heard(filling, form, heard, world);
    said.verdicts(verdicts);
    said.question(filling, field, world);
    FormStep::Ask { field: field.name.clone(), text: said.text, evidence: said.evidence, suggestions: said.suggestions }
}

/// Says why an answer was refused, and asks again.
pub fn refuse(filling: &mut Filling, field: &Field, notice: &Notice, world: &FormWorld) -> FormStep {
    let (why, offer_person) = counted(filling, notice, world.lang);
    let mut said = Said::default();
    said.line(why.clone());
    said.evidence.extend(notice.evidence());
    said.question(filling, field, world);
    said.offer(offer_person, world.lang);
    FormStep::Refused {
        field: field.name.clone(),
        why,
        text: said.text,
        evidence: said.evidence,
        suggestions: said.suggestions,
        offer_person,
    }
}

/// Says that neither a yes nor a no was heard, and asks again.
pub fn refuse_yes(filling: &mut Filling, lang: Lang) -> FormStep {
    let (why, offer_person) = counted(filling, &Notice::NoYes, lang);
    let mut said = Said::default();
    said.line(why.clone());
    said.line(how_to_confirm(lang).to_owned());
    said.suggestions = confirm_suggestions(lang);
    said.offer(offer_person, lang);
    FormStep::Refused {
        field: CONFIRM.into(),
        why,
        text: said.text,
        evidence: said.evidence,
        suggestions: said.suggestions,
        offer_person,
    }
}

fn counted(filling: &mut Filling, notice: &Notice, lang: Lang) -> (String, bool) {
    filling.n_refused = filling.n_refused.saturating_add(1);
    (notice.words(lang), filling.n_refused >= REFUSALS_MAX)
}

/// Shows everything and asks for a yes.
pub fn confirm(filling: &mut Filling, form: &Form, verdicts: &[Verdict], world: &FormWorld) -> FormStep {
    filling.asked = Some(CONFIRM.into());
    filling.offered.clear();
    let mut said = Said::default();
    let title = form.title(world.lang);
    said.line(world.lang.choose(format!("请核对“{title}”的内容："), format!("Please check: {title}")));
    for field in form.fields.iter().filter(|field| field.applies(filling)) {
        if let Some(value) = filling.values.get(&field.name) {
            said.line(format!(
                "- {}{}{}",
                field.label(world.lang),
                world.lang.choose("：", ": "),
                shown(field, value, world)
            ));
            said.evidence.push(rests_on(field, value, world));
        }
    }
    said.verdicts(verdicts);
    said.line(how_to_confirm(world.lang).to_owned());
    FormStep::Confirm { text: said.text, evidence: said.evidence, suggestions: confirm_suggestions(world.lang) }
}

/// Asks what is to be changed.
pub fn ask_which(filling: &Filling, form: &Form, lang: Lang) -> FormStep {
    let labels = form.fields.iter().filter(|field| field.applies(filling)).map(|field| field.label(lang));
    let labels: Vec<&str> = labels.collect();
    let text = match lang {
        Lang::Zh => format!("好的，哪一项需要修改？可以改的有：{}。", labels.join("、")),
        Lang::En => format!("Which part shall I change: {}?", labels.join(", ")),
    };
    let suggestions = labels.into_iter().take(SUGGESTIONS_MAX).map(str::to_owned).collect();
    FormStep::Ask { field: CONFIRM.into(), text, evidence: Vec::new(), suggestions }
}

pub fn submitted(form: &Form, lang: Lang) -> String {
    let title = form.title(lang);
    lang.choose(
        format!("“{title}”已经提交，处理结果会通知您。"),
        format!("Submitted: {title}. You will hear from us about the result."),
    )
}

pub fn cancelled(form: &Form, lang: Lang) -> String {
    let title = form.title(lang);
    lang.choose(
        format!("好的，“{title}”没有提交，已填的内容不会保留。"),
        format!("All right, nothing was submitted ({title}), and what you filled in is dropped."),
    )
}

pub fn sign_in(lang: Lang) -> String {
    lang.choose(
        "这项业务要用到您的订单。请先登录，我会接着为您办理。",
        "This concerns your orders. Please sign in first, and I will go on from here.",
    )
    .to_owned()
}

pub fn no_orders(lang: Lang) -> String {
    lang.choose("您的账户下没有可以办理的订单。", "There is no order in your account that this could be done for.")
        .to_owned()
}

fn how_to_confirm(lang: Lang) -> &'static str {
    lang.choose(
        "确认提交吗？回复“确认”提交，也可以直接说要改哪一项，或回复“取消”。",
        "Shall I submit it? Say “confirm”, tell me what to change, or “cancel”.",
    )
}

fn confirm_suggestions(lang: Lang) -> Vec<String> {
    let words = lang.choose(["确认", "修改", "算了"], ["Confirm", "Change something", "Never mind"]);
    words.map(str::to_owned).to_vec()
}

/// A text growing line by line, with its evidence.
#[derive(Default)]
struct Said {
    text: String,
    evidence: Vec<Evidence>,
    suggestions: Vec<String>,
}

impl Said {
    fn line(&mut self, line: String) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&line);
    }

    /// What this message filled in.
    fn heard(&mut self, filling: &Filling, form: &Form, heard: &[String], world: &FormWorld) {
        let mut parts = Vec::new();
        for field in form.fields.iter().filter(|field| heard.contains(&field.name)) {
            if let Some(value) = filling.values.get(&field.name) {
                let between = world.lang.choose(" ", ": ");
                parts.push(format!("{}{between}{}", field.label(world.lang), shown(field, value, world)));
                self.evidence.push(rests_on(field, value, world));
            }
        }
        if !parts.is_empty() {
            let (zh, en) = (parts.join("；"), parts.join("; "));
            self.line(world.lang.choose(format!("已记下：{zh}。"), format!("Noted: {en}.")));
        }
    }

    fn verdicts(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts.iter().filter(|verdict| !verdict.why.is_empty()) {
            self.line(verdict.why.clone());
            self.evidence.extend(verdict.evidence.iter().cloned());
        }
    }

    fn question(&mut self, filling: &mut Filling, field: &Field, world: &FormWorld) {
        let offers = offers(field, filling, world);
        let left_out = world.lang.choose("（可以回复“跳过”）", " (say “skip” to leave it out)");
        let ask = world.lang.choose(&field.ask_zh, &field.ask_en);
        self.line(if field.optional { format!("{ask}{left_out}") } else { ask.clone() });
        for (n, (value, words)) in offers.iter().enumerate() {
            self.line(format!("{}. {words}", n + 1));
            if !matches!(field.kind, FieldKind::Choice { .. }) {
                let how = "from the customer's orders".to_owned();
                self.evidence.push(Evidence::Computed { how, value: format!("{value} {words}") });
            }
        }
        let clicks = offers.iter().map(|(value, words)| if field.kind == FieldKind::Order { value } else { words });
        self.suggestions = clicks.take(SUGGESTIONS_MAX).cloned().collect();
        if field.optional {
            self.suggestions.push(world.lang.choose("跳过", "Skip").to_owned());
        }
        filling.offered = offers.into_iter().map(|(value, _)| value).collect();
        filling.asked = Some(field.name.clone());
    }

    fn offer(&mut self, offer_person: bool, lang: Lang) {
        if offer_person {
            self.line(
                lang.choose("如果不方便填写，也可以为您转人工。", "If you would rather, a colleague can take over.")
                    .to_owned(),
            );
            self.suggestions.push(lang.choose("转人工", "Talk to a person").to_owned());
        }
    }
}

/// What a value that is shown rests on.
fn rests_on(field: &Field, value: &str, world: &FormWorld) -> Evidence {
    let words = shown(field, value, world);
    match field.kind {
        FieldKind::Order => Evidence::Order { order_id: value.into(), field: "order_id".into(), value: value.into() },
        FieldKind::OrderLine => {
            Evidence::Product { product_id: value.into(), name: words.clone(), field: "name".into(), value: words }
        }
        _ => Evidence::Computed { how: "as the customer said".into(), value: words },
    }
}
