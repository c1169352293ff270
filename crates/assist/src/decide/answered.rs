//! Answers to what the assistant asked back: which product, which order, whether a person is wanted, to sign in, how it was.
//! A message that answers something else is left to others.

use super::Turning;
use super::referents::{self, Meant, MeantOrder};
use super::wording::corrects;
use crate::act::{Answer, attributes, orders};
use crate::hand_over::Reason;
use crate::say;
use crate::state::Asked;
use crate::understand::{Named, kinds};

impl Turning<'_, '_> {
    /// The answer, if the message answers what was asked last.
    pub(super) fn asked_back(&mut self) -> Option<Answer> {
        let asked = self.dialogue.asked.take()?;
        match asked {
            Asked::WhichProduct { intent, candidates, question } => self.which_product(intent, candidates, &question),
            Asked::WhichOrder { intent, candidates } => self.which_order(&intent, candidates),
            Asked::HandOver { reason } => self.wants_person(&reason),
            Asked::SignIn { intent } => self.signed_in(&intent),
            Asked::Rating => self.rating(),
            Asked::Rephrase => None,
        }
    }

    fn which_product(&mut self, intent: String, candidates: Vec<String>, question: &str) -> Option<Answer> {
        if intent == "compare" && self.asks_fit_anew() {
            return None;
        }
        let before = std::mem::replace(&mut self.dialogue.listed, candidates.clone());
        let meant = referents::explicit(&self.scene, self.dialogue);
        if candidates.is_empty() {
            self.dialogue.listed = before;
        }
        let chosen = match meant {
            Meant::These(ids) => ids,
            _ => self.by_words(&candidates).or_else(|| self.by_kind(&candidates)).into_iter().collect(),
        };
        if chosen.is_empty() {
            return None;
        }
        // Another question about that product is a question of its own.
        let own = self
            .scene
            .understood
            .intent
            .clone()
            .filter(|own| *own != intent && self.scene.understood.confidence > 0.75);
        if own.is_some() && !corrects(self.scene.message.text) {
            return None;
        }
        self.step("asked", format!("which product: {}", chosen.join(", ")));
        let chosen = self.joined_with_other(&intent, chosen);
        Some(self.run_for(&intent, &chosen, question))
    }

    /// A comparison or a fit needs the product talked about beside the one just named.
    fn joined_with_other(&self, intent: &str, mut chosen: Vec<String>) -> Vec<String> {
        if chosen.len() == 1 && matches!(intent, "compare" | "compatibility") {
            let other = self.dialogue.products.iter().find(|id| **id != chosen[0]).cloned();
            chosen.splice(0..0, other);
        }
        chosen
    }

    /// A candidate's name, or a piece of it that only one has: what a click on a suggestion sends.
    fn by_words(&self, candidates: &[String]) -> Option<String> {
        let said = attributes::fold(&say::format::plain(self.scene.message.text));
        if said.trim().is_empty() {
            return None;
        }
        let products = self.scene.products(candidates);
        let name = |product: &domain::Product| attributes::fold(&say::format::name(product));
        let exact = products.iter().find(|product| name(product) == said || product.product_id.to_lowercase() == said);
        let mut within = products.iter().filter(|product| name(product).contains(&said));
        let only = within.next().filter(|_| within.next().is_none());
        exact.or(only).map(|product| product.product_id.clone())
    }

    /// The only candidate of a kind that is said: `电视`, "the TV, not the mouse".
    fn by_kind(&self, candidates: &[String]) -> Option<String> {
        const NOT: &[&str] = &["不是", "不要", "not the", "not a", "or the", "nor the", "not"];
        let text = self.scene.message.text;
        let is_denied = |start: usize| {
            let before = text.get(..start).unwrap_or_default().trim_end().to_lowercase();
            NOT.iter().any(|word| before.ends_with(word))
        };
        let said: Vec<(&str, &str)> = self
            .scene
            .understood
            .entities
            .iter()
            .filter_map(|entity| match &entity.what {
                Named::Category { value } if !is_denied(entity.range.start) => {
                    Some((value.as_str(), text.get(entity.range.clone()).unwrap_or_default()))
                }
                _ => None,
            })
            .collect();
        let is_said = |product: &std::sync::Arc<domain::Product>| {
            let path = product.category.as_deref().unwrap_or_default();
            said.iter().any(|(value, word)| kinds::is_of(path, value, word))
        };
        let products = self.scene.products(candidates);
        let mut of_kind = products.iter().filter(|product| is_said(product));
        let only = of_kind.next().filter(|_| of_kind.next().is_none())?;
        Some(only.product_id.clone())
    }

    fn which_order(&mut self, intent: &str, candidates: Vec<String>) -> Option<Answer> {
        let before = std::mem::replace(&mut self.dialogue.listed_orders, candidates);
        let own = match orders::own(&self.scene, intent) {
            Ok(own) => own,
            Err(answer) => return Some(*answer),
        };
        self.dialogue.order_id = None;
        let meant = referents::order(&self.scene, self.dialogue, &own);
        let said = self.scene.message.text.trim().to_lowercase();
        let by_text =
            own.iter().find(|order| order.order_id.len() >= 4 && said.contains(&order.order_id.to_lowercase()));
        // "I want to return the phone case": what it wants is its own, and no answer to which parcel was meant.
        let understood = &self.scene.understood;
        let wants_other = understood.intent.as_deref().is_some_and(|own| own != intent)
            && understood.confidence > 0.75
            && understood.order_number().is_none();
        if wants_other && !corrects(self.scene.message.text) {
            self.dialogue.listed_orders = before;
            return None;
        }
        let order = match (meant, by_text) {
            (_, Some(order)) => order,
            (MeantOrder::This(order), _) if own.len() > 1 || self.scene.understood.order_number().is_some() => order,
            (MeantOrder::NotOwn, _) => return Some(orders::not_yours(&self.scene, &own)),
            _ => {
                self.dialogue.listed_orders = before;
                return None;
            }
        };
        self.step("asked", format!("which order: {}", order.order_id));
        self.dialogue.order_id = Some(order.order_id.clone());
        Some(self.run(intent))
    }

    fn wants_person(&mut self, reason: &str) -> Option<Answer> {
        let yes = self.scene.understood.yes_no().or_else(|| {
            let said = self.scene.message.text.trim();
            (said == say::person::yes(self.lang()))
                .then_some(true)
                .or((said == say::person::no(self.lang())).then_some(false))
        });
        // "Right, want a swap for that dock": the yes leads to another wish.
        let is_all = crate::understand::is_short_yes(self.scene.message.text);
        match yes.filter(|_| is_all) {
            Some(true) => {
                self.step("asked", "a person is wanted");
                let reason = match reason {
                    "failure" => Reason::Failure,
                    "form" => Reason::Form,
                    _ => Reason::Unanswered,
                };
                Some(self.hand_over(reason))
            }
            Some(false) => {
                self.step("asked", "no person is wanted");
                self.dialogue.n_misses = 0;
                Some(Answer::of(say::talk::went_on(self.lang())))
            }
            None => None,
        }
    }

    fn signed_in(&mut self, intent: &str) -> Option<Answer> {
        self.scene.message.customer_id?;
        let says_so = self.scene.understood.intent.is_none()
            || self.scene.understood.is(intent)
            || self.scene.understood.yes_no() == Some(true);
        says_so.then(|| {
            self.step("asked", "signed in");
            self.run(intent)
        })
    }

    fn rating(&mut self) -> Option<Answer> {
        let stars = self.scene.understood.entities.iter().find_map(|entity| match entity.what {
            Named::Rating { stars } => Some(stars),
            _ => None,
        });
        let digit = self.scene.message.text.trim().parse::<u8>().ok();
        let stars = stars.or(digit).filter(|stars| (1..=5).contains(stars))?;
        self.step("rating", stars.to_string());
        let mut answer = Answer::of(say::talk::rated(self.lang(), stars >= 3));
        if stars < 3 {
            answer.suggest(say::person::yes(self.lang()));
        }
        Some(answer)
    }
}
