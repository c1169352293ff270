//! The form in hand: what a message does to it, and how a digression comes back to it.

use super::wording::{asks_progress, names_form, wants_no_such_form};
use super::{Turning, person};
use crate::act::{Answer, Outcome, Scene};
use crate::forms::{self, FieldKind, Filling, Form, FormStep, FormWorld};
use crate::hand_over::Reason;
use crate::say;
use crate::state::{Asked, Dialogue, FORMS_MAX, Filed};
use crate::turn::{Action, Block};
use crate::world::OrderRecord;

/// What became of a message while a form may be in hand.
pub(super) enum Progress {
    Answered(Box<Answer>),
    /// About something else: answered as such, then the form is taken up again.
    Digression,
    NoForm,
}

impl Turning<'_, '_> {
    /// The message as an answer to the form in hand.
    pub(super) fn form_in_hand(&mut self) -> Progress {
        let Some(mut filling) = self.dialogue.forms.pop() else { return Progress::NoForm };
        if wants_no_such_form(self.scene.message.text, &filling.form) {
            self.step("form", format!("{}: not wanted", filling.form));
            return Progress::NoForm;
        }
        let Some(form) = self.book.form(&filling.form) else {
            self.step("form", format!("{} is not offered any more", filling.form));
            return Progress::NoForm;
        };
        let step = self.with_form_world(|world, scene| {
            forms::step(&mut filling, form, scene.understood, scene.message.text, world)
        });
        if step == FormStep::NotMine {
            self.step("form", format!("{}: about something else", form.name));
            self.dialogue.forms.push(filling);
            return Progress::Digression;
        }
        Progress::Answered(Box::new(self.after(form, filling, step)))
    }

    /// "Yes submit, and then put me through to a person": what was agreed to is done first, and the person offered with it.
    pub(super) fn agreed_first(&mut self) -> Option<Answer> {
        if self.dialogue.forms.last()?.asked.as_deref() != Some(forms::CONFIRM) {
            return None;
        }
        let text = self.scene.message.text;
        // `好的提交吧 然后转人工`.
        let ends = |mark: char| ",，.。;；!！".contains(mark) || mark == ' ' && !text.is_ascii();
        let first = text.split(ends).next().unwrap_or_default();
        let is_yes = first.len() < text.len() && forms::yes_no(&forms::Words::of(first)) == Some(true);
        let mut filling = self.dialogue.forms.pop_if(|_| is_yes)?;
        let form = self.book.form(&filling.form)?;
        let step = self.with_form_world(|world, scene| forms::step(&mut filling, form, scene.understood, first, world));
        let is_filed = matches!(step, FormStep::Submit { .. });
        let mut answer = self.after(form, filling, step);
        if is_filed {
            let action = std::mem::replace(&mut answer.action, Action::None);
            person::offer(&self.scene, &mut answer, "asked");
            answer.action = action;
        }
        Some(answer)
    }

    /// Whether the message is, word for word, one of the choices that the form in hand has just offered.
    pub(super) fn is_choice_of_form(&self) -> bool {
        let Some(filling) = self.dialogue.forms.last() else { return false };
        let asked = filling.asked.as_deref();
        let fields = self.book.form(&filling.form).into_iter().flat_map(|form| &form.fields);
        let mut asked = fields.filter(|field| Some(field.name.as_str()) == asked);
        asked.any(|field| field.offers(self.scene.message.text))
    }

    /// Opens the form of an intent with the message that asked for it.
    pub(super) fn open_form(&mut self, intent: &str) -> Answer {
        let Some(mut filling) = self.book.open(intent) else { return self.not_offered(intent) };
        let Some(form) = self.book.form(intent) else { return self.not_offered(intent) };
        // The same form twice: the one begun goes on.
        if let Some(at) = self.dialogue.forms.iter().position(|begun| begun.form == form.name) {
            filling = self.dialogue.forms.remove(at);
        }
        let text = self.scene.message.text;
        let step = self.with_form_world(|world, scene| match filling.asked {
            None => forms::step(&mut filling, form, scene.understood, text, world),
            Some(_) => forms::again(&mut filling, form, world),
        });
        self.after(form, filling, step)
    }

    /// "What happens next with my return?" asks of the one just filed, and for no other.
    pub(super) fn progress_of_filed(&mut self) -> Option<Answer> {
        let text = self.scene.message.text;
        if !asks_progress(text) {
            return None;
        }
        let form = self.dialogue.filed.iter().find(|one| names_form(text, &one.form))?.form.clone();
        let title = self.book.form(&form)?.title(self.lang()).to_owned();
        self.step("form", format!("{form} is filed"));
        let mut answer = Answer::of(say::talk::filed_already(self.lang(), &title));
        answer.suggest(say::person::yes(self.lang()));
        Some(answer)
    }

    /// A form that the shop does not offer: a person can still do it.
    fn not_offered(&mut self, intent: &str) -> Answer {
        self.step("form", format!("{intent} is not offered"));
        let text = say::talk::no_answer(self.lang());
        Answer::unknown(text)
    }

    /// What a step of the form says, and what it does.
    fn after(&mut self, form: &Form, filling: Filling, step: FormStep) -> Answer {
        self.step("form", format!("{}: {}", form.name, word(&step)));
        let ends = step.ends();
        if let Some(order) = filling.values.values().find(|value| self.is_own_order(value)).cloned() {
            self.dialogue.order_id = Some(order);
        }
        let mut answer = match step {
            FormStep::Ask { text, evidence, suggestions, .. } => asks("field", text, evidence, suggestions),
            FormStep::Refused { text, evidence, suggestions, offer_person, .. } => {
                let mut answer = asks("field", text, evidence, suggestions);
                if offer_person {
                    answer.suggestions.truncate(3);
                    answer.suggest(say::person::yes(self.lang()));
                }
                answer
            }
            FormStep::Confirm { text, evidence, suggestions } => asks("confirm", text, evidence, suggestions),
            FormStep::SignIn { text } => {
                let asked = Asked::SignIn { intent: form.name.clone() };
                Answer::ask(text, "sign_in", asked)
            }
            FormStep::Submit { submission, text, evidence } => {
                let filed = filed(form, &filling);
                // Twice the same is one too many, however often it is confirmed.
                if filed.order_id.is_some() && self.dialogue.filed.contains(&filed) {
                    self.step("form", format!("{} is filed already", form.name));
                    return Answer::of(say::talk::filed_already(self.lang(), form.title(self.lang())));
                }
                self.drop_siblings(&filed);
                self.dialogue.file(filed);
                Answer { evidence, action: Action::Submit(submission), ..Answer::of(text) }
            }
            FormStep::Cancelled { text } => Answer::of(text),
            FormStep::NotAllowed { policy, why, evidence, instead } => {
                let mut answer = self.not_allowed(why, evidence, instead.as_deref());
                // What can be done once it is under way the shop has written down.
                let rule = || {
                    crate::act::documents::rule_of(&self.scene, super::route::matter_of(&form.name, "", self.lang())?)
                };
                if policy == "not_shipped"
                    && let Some(rule) = rule()
                {
                    answer.append(rule);
                }
                answer
            }
            FormStep::NotMine => Answer::of(String::new()),
        };
        if !ends {
            let view = self.with_form_world(|world, _| forms::view(&filling, form, world));
            answer.blocks.push(Block::Form(view));
            self.dialogue.forms.push(filling);
            if self.dialogue.forms.len() > FORMS_MAX {
                self.dialogue.forms.remove(0);
            }
            return answer;
        }
        match answer.action {
            Action::None => self.back_to_form(answer),
            Action::Submit(_) => self.others_in_hand(answer),
            _ => answer,
        }
    }

    /// An exchange that was filed instead of the return that was begun for the same thing leaves nothing to be returned.
    fn drop_siblings(&mut self, filed: &Filed) {
        const ALIKE: &[&str] = &["return_request", "exchange_request", "repair_booking"];
        if !ALIKE.contains(&filed.form.as_str()) {
            return;
        }
        let book = self.book;
        self.dialogue.forms.retain(|begun| {
            let of = |kind: FieldKind| {
                let field = book.form(&begun.form)?.of_kind(|one| *one == kind)?;
                begun.values.get(&field.name).cloned()
            };
            let is_same = |own: Option<String>, filed: &Option<String>| own.is_none() || own == *filed;
            let is_sibling = ALIKE.contains(&begun.form.as_str())
                && is_same(of(FieldKind::Order), &filed.order_id)
                && is_same(of(FieldKind::OrderLine), &filed.product_id);
            !is_sibling
        });
    }

    /// After one form is submitted: that another, which it interrupted, is not.
    fn others_in_hand(&mut self, mut answer: Answer) -> Answer {
        let Some(mut filling) = self.dialogue.forms.pop() else { return answer };
        if let Some(form) = self.book.form(&filling.form) {
            let step = self.with_form_world(|world, _| forms::again(&mut filling, form, world));
            if let FormStep::Ask { text, evidence, suggestions, .. }
            | FormStep::Confirm { text, evidence, suggestions } = step
            {
                answer.line(say::talk::still_open(self.lang(), form.title(self.lang()), &text));
                evidence.into_iter().for_each(|one| {
                    answer.cite(one);
                });
                suggestions.into_iter().for_each(|text| answer.suggest(text));
            }
            self.dialogue.forms.push(filling);
        }
        answer
    }

    fn not_allowed(&mut self, why: String, evidence: Vec<crate::evidence::Evidence>, instead: Option<&str>) -> Answer {
        let mut answer = Answer { evidence, ..Answer::of(why) };
        match instead {
            Some("human") => {
                let handed = self.hand_over(Reason::Form);
                answer.action = handed.action.clone();
                answer.append(handed);
            }
            Some(other) => {
                if let Some(form) = self.book.form(other) {
                    answer.suggest(say::talk::instead(self.lang(), form.title(self.lang())));
                    answer.say(say::talk::can_instead(self.lang(), form.title(self.lang())));
                }
                answer.suggest(say::person::yes(self.lang()));
            }
            None => answer.suggest(say::person::yes(self.lang())),
        }
        answer
    }

    /// Below the answer to a digression, the question of the form again; unless that answer asks or does something itself.
    pub(super) fn back_to_form(&mut self, mut answer: Answer) -> Answer {
        let busy =
            answer.asked.is_some() || !matches!(answer.action, Action::None) || answer.outcome == Outcome::AskedBack;
        let Some(mut filling) = self.dialogue.forms.pop() else { return answer };
        let Some(form) = self.book.form(&filling.form).filter(|_| !busy) else {
            self.dialogue.forms.push(filling);
            return answer;
        };
        let (step, view) = self.with_form_world(|world, _| {
            let step = forms::again(&mut filling, form, world);
            (step, forms::view(&filling, form, world))
        });
        if let FormStep::Ask { text, evidence, suggestions, .. } | FormStep::Confirm { text, evidence, suggestions } =
            &step
        {
            let what = if matches!(step, FormStep::Confirm { .. }) { "confirm" } else { "field" };
            let mut again = asks(what, text.clone(), evidence.clone(), suggestions.clone());
            again.begin_with(&say::talk::back_to_form(self.lang(), form.title(self.lang())));
            again.blocks.push(Block::Form(view));
            answer.suggestions.clear();
            answer.action = again.action.clone();
            // An answer that could not be given inside a form is still one for a person: offered as a suggestion.
            if answer.outcome == Outcome::Unknown {
                again.suggestions.truncate(3);
                again.suggest(say::person::yes(self.lang()));
                answer.outcome = Outcome::AskedBack;
            }
            answer.append(again);
        }
        if !step.ends() {
            self.dialogue.forms.push(filling);
        }
        answer
    }

    fn is_own_order(&self, value: &str) -> bool {
        let Some(customer_id) = self.scene.message.customer_id else { return false };
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        orders.iter().any(|order| order.order_id == value && order.customer_id == customer_id)
    }

    fn with_form_world<R>(&self, run: impl FnOnce(&FormWorld, &Scene) -> R) -> R {
        let scene = &self.scene;
        let orders = own_orders(scene);
        let product = |id: &str| scene.product(id);
        let dialogue: &Dialogue = &*self.dialogue;
        let world = FormWorld {
            customer_id: scene.message.customer_id,
            orders: &orders,
            product: &product,
            policies: scene.policies,
            today: scene.world.today,
            day_of: scene.world.day_of,
            currency: scene.world.currency,
            lang: scene.lang,
            order_id: dialogue.order_id.as_deref(),
            products: &dialogue.products,
        };
        run(&world, scene)
    }
}

/// The customer's own orders, newest first; none where they cannot be asked.
fn own_orders(scene: &Scene) -> Vec<OrderRecord> {
    let Some(customer_id) = scene.message.customer_id else { return Vec::new() };
    let mut orders = scene.world.orders.orders_of(customer_id).unwrap_or_default();
    orders.retain(|order| order.customer_id == customer_id);
    orders.sort_by(|a, b| b.ordered_at.cmp(&a.ordered_at).then_with(|| b.order_id.cmp(&a.order_id)));
    orders
}

fn asks(what: &str, text: String, evidence: Vec<crate::evidence::Evidence>, suggestions: Vec<String>) -> Answer {
    let mut answer = Answer { evidence, outcome: Outcome::AskedBack, ..Answer::of(text) };
    answer.action = Action::AskBack { what: what.to_owned() };
    suggestions.into_iter().for_each(|text| answer.suggest(text));
    answer
}

fn word(step: &FormStep) -> &'static str {
    match step {
        FormStep::Ask { .. } => "asks",
        FormStep::Refused { .. } => "no value of the field",
        FormStep::Confirm { .. } => "asks for a yes",
        FormStep::Submit { .. } => "submitted",
        FormStep::NotAllowed { .. } => "a policy does not allow it",
        FormStep::SignIn { .. } => "waits for signing in",
        FormStep::Cancelled { .. } => "cancelled",
        FormStep::NotMine => "about something else",
    }
}

/// What a form that is submitted is about.
fn filed(form: &Form, filling: &Filling) -> Filed {
    let of =
        |kind: FieldKind| form.of_kind(|one| *one == kind).and_then(|field| filling.values.get(&field.name)).cloned();
    Filed { form: form.name.clone(), order_id: of(FieldKind::Order), product_id: of(FieldKind::OrderLine) }
}
