//! What customers of a sending read: which draft is theirs, and its words with what is personal filled in, escaped for where it
//! stands. Places in a text are `{{name}}`, `{{city}}` and `{{region}}`, each with a way out for who has none (`{{name|there}}`), and
//! `{{product_url}}` and `{{unsubscribe_url}}`. Texts are not judged here: they were approved.

use content::channel::{Channel, Count, Format, channel};
use content::write::escape;
use domain::Customer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Desk, Route};
use crate::channels::copies::{Card, CopyParcel};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::content::drafts::{self, DraftDetail};
use crate::flows::content::sheets::address;
use crate::store::Store;

/// Characters of a name in a text.
const VALUE_CHARS_MAX: usize = 40;
const PRODUCT_URL: &str = "product_url";
const STOP_URL: &str = "unsubscribe_url";
const OWN: [&str; 3] = ["name", "city", "region"];
/// By which a text tells how to end it.
const STOPS: [&str; 7] = ["{{unsubscribe_url}}", "退订", "拒收请回复", "回复TD", "回T", "STOP", "unsubscribe"];

/// A draft as it was approved with a sending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingDraft)]
pub struct Pinned {
    pub draft_id: String,
    /// Another version is another text: the sending then pauses.
    pub version: i64,
    pub way: String,
    pub product_id: String,
    pub language: String,
}

/// A draft ready to be filled in.
#[derive(Clone, Debug)]
pub struct Copy {
    pub pinned: Pinned,
    channel: &'static Channel,
    /// Name, text, whether it is a page.
    fields: Vec<(String, String, bool)>,
}

/// What a text is filled in from.
pub struct Filling<'a> {
    pub customer: &'a Customer,
    pub product_url: Option<String>,
    pub stop_url: Option<String>,
    /// Put below texts that do not tell how to end it.
    pub stop_line: &'a str,
}

/// Whether a draft can go by a card at all.
///
/// # Errors
/// If there is no such draft, or the channel cannot carry what it was written for.
pub fn fits(store: &Store, id: &str, card: &Card) -> Result<()> {
    let detail = drafts::get(store, id)?;
    let copy = Copy::of(&detail, "")?;
    if card.kind == "email" && detail.row.channel != "email" {
        let message = format!("the draft {} is for {}; allowed for mails: email", clipped(id), detail.row.channel);
        return Err(ServiceError::usage("draft", message));
    }
    if copy.fields.iter().all(|(_, _, is_html)| *is_html) {
        return Err(ServiceError::usage("draft", format!("the draft {} has no plain text to send", clipped(id))));
    }
    let unknown = copy.fields.iter().flat_map(|(_, text, _)| places(text)).find(|(name, _)| !is_known(name));
    if let Some((name, _)) = unknown {
        let message = format!("the draft {} has a place for '{}'", clipped(id), clipped(&name));
        return Err(ServiceError::usage("draft", message)
            .help("allowed: {{name}}, {{city}}, {{region}}, each with a way out as in {{name|there}}; {{product_url}}, {{unsubscribe_url}}"));
    }
    Ok(())
}

fn is_known(name: &str) -> bool {
    OWN.contains(&name) || name == PRODUCT_URL || name == STOP_URL
}

/// The drafts of all routes as they are now.
///
/// # Errors
/// If one is not approved, leads to products while nothing says where they stand, or cannot tell customers how to end it.
pub fn pin(desk: &Desk<'_>, routes: &[Route]) -> Result<Vec<Pinned>> {
    let mut pinned = Vec::new();
    for route in routes {
        for id in &route.draft_ids {
            let detail = drafts::get(desk.store, id)?;
            if detail.row.state != "approved" {
                let message = format!("the draft {} is {}; only approved ones are sent", clipped(id), detail.row.state);
                return Err(ServiceError::conflict("draft", message).help("approve it in the studio first"));
            }
            let copy = Copy::of(&detail, &route.way)?;
            let has = |place: &str| copy.fields.iter().any(|(_, text, _)| text.contains(&format!("{{{{{place}}}}}")));
            if has(PRODUCT_URL) && desk.product_url.is_none() {
                let message = format!("{} leads to its product, and nothing says where products stand", clipped(id));
                return Err(
                    ServiceError::conflict("address", message).help("set product_url of [content] in tercet.toml")
                );
            }
            let no_stop = |message: String| {
                ServiceError::conflict("no_stop", message).help(
                    "whoever is promoted to is told how to end it: write it into the draft, set stop_zh and stop_en of [proactive] in \
                     service.toml, or unsubscribe_url of the channel",
                )
            };
            if has(STOP_URL) && desk.stop_url(&route.channel, "key").is_none() {
                return Err(no_stop(format!(
                    "{} names an address to end it at, and the channel has none",
                    clipped(id)
                )));
            }
            if !copy.tells_stop() && desk.stop_line(&copy.pinned.language).is_empty() {
                return Err(no_stop(format!("nothing tells who gets {} how to end it", clipped(id))));
            }
            pinned.push(copy.pinned);
        }
    }
    Ok(pinned)
}

impl Copy {
    /// # Errors
    /// If its channel is none.
    pub fn of(detail: &DraftDetail, way: &str) -> Result<Copy> {
        let name = &detail.row.channel;
        let channel = channel(name).ok_or_else(|| ServiceError::not_found("channel of copies", name))?;
        let pinned = Pinned {
            draft_id: detail.row.draft_id.clone(),
            version: detail.row.version,
            way: way.to_owned(),
            product_id: detail.row.product_id.clone(),
            language: detail.row.language.clone(),
        };
        let field = |field: &content::write::Field| (field.name.clone(), field.text.clone(), field.is_html);
        Ok(Copy { pinned, channel, fields: detail.draft.fields.iter().map(field).collect() })
    }

    #[cfg(test)]
    pub fn for_tests(pinned: Pinned, channel: &'static Channel, fields: Vec<(String, String, bool)>) -> Copy {
        Copy { pinned, channel, fields }
    }

    fn tells_stop(&self) -> bool {
        self.fields.iter().any(|(_, text, is_html)| !is_html && STOPS.iter().any(|stop| text.contains(stop)))
    }

    /// Puts a customer's own words into a parcel.
    ///
    /// # Errors
    /// Why this customer cannot get it: `no_field` or `too_long`.
    pub fn fill(&self, parcel: &mut CopyParcel, filling: &Filling<'_>) -> std::result::Result<(), &'static str> {
        let mut plain: Vec<String> = Vec::new();
        parcel.html = None;
        for (name, text, is_html) in &self.fields {
            let filled = filled(text, *is_html, filling).ok_or("no_field")?;
            let card = self.channel.fields.iter().find(|card| card.name == name);
            let fits = |card: &content::channel::FieldCard| Count::fits(card.count, &filled, card.max);
            if card.is_some_and(|card| card.format != Format::Html && !fits(card)) {
                return Err("too_long");
            }
            match is_html {
                true => parcel.html = Some(filled),
                false => plain.push(filled),
            }
        }
        // What stands above the text: of mails the subject (its preview is the page's), of others the first of several.
        parcel.subject = if plain.len() > 1 { plain.remove(0) } else { String::new() };
        if self.channel.name == "email" && plain.len() > 1 {
            plain.remove(0);
        }
        parcel.text = plain.join("\n");
        if !self.tells_stop() {
            let line = filling.stop_line;
            parcel.text = format!("{}\n\n{line}", parcel.text);
            if let Some(html) = &mut parcel.html {
                let line = format!("<p>{}</p>", escape(line));
                match html.rfind("</body>") {
                    Some(at) => html.insert_str(at, &line),
                    None => html.push_str(&line),
                }
            }
        }
        (parcel.draft_id, parcel.product_id) = (self.pinned.draft_id.clone(), self.pinned.product_id.clone());
        parcel.lang.clone_from(&self.pinned.language);
        parcel.stop_url.clone_from(&filling.stop_url);
        Ok(())
    }

    /// Where its product stands on the web.
    pub fn product_url(&self, template: Option<&str>, campaign_id: &str) -> Option<String> {
        let Pinned { product_id, draft_id, .. } = &self.pinned;
        Some(address(template?, product_id, Some(campaign_id), Some(draft_id)))
    }
}

/// The draft for a customer by a way: about their product, in their language, else in the shop's, else the first.
pub fn choose<'a>(copies: &'a [Copy], way: &str, product_id: Option<&str>, langs: [&str; 2]) -> Option<&'a Copy> {
    let fit = |copy: &&Copy| copy.pinned.way == way && product_id.is_none_or(|id| copy.pinned.product_id == id);
    let in_lang = |lang: &str| copies.iter().filter(fit).find(|copy| copy.pinned.language == lang);
    in_lang(langs[0]).or_else(|| in_lang(langs[1])).or_else(|| copies.iter().find(fit))
}

/// What a customer's row says beside its columns.
fn extra(customer: &Customer, name: &str) -> Option<String> {
    let extra: Value = serde_json::from_str(customer.extra.as_deref()?).ok()?;
    Some(extra[name].as_str()?.to_owned())
}

/// The language of a customer, as `extra` says.
pub fn lang_of(customer: &Customer) -> Option<String> {
    extra(customer, "language").filter(|lang| lang == "zh" || lang == "en")
}

/// Something personal on one line; nothing of what is too long for a name or leads somewhere.
fn own(customer: &Customer, name: &str) -> Option<String> {
    let value = match name {
        "name" => extra(customer, "name"),
        "city" => customer.city.clone(),
        _ => customer.region.clone(),
    };
    let value: String = value?.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let value = value.trim().to_owned();
    let leads = ["://", "www.", "{{", "}}", "@"].iter().any(|sign| value.contains(sign));
    (!value.is_empty() && value.chars().count() <= VALUE_CHARS_MAX && !leads).then_some(value)
}

/// The places of a text: their names, and the ways out.
fn places(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((inner, after)) = rest.find("{{").and_then(|at| rest[at + 2..].split_once("}}")) {
        let (name, way_out) = inner.split_once('|').map_or((inner, None), |(name, way_out)| (name, Some(way_out)));
        found.push((name.trim().to_owned(), way_out.map(str::to_owned)));
        rest = after;
    }
    found
}

/// A text with its places filled in; `None` if there is nothing for one of them. What is filled in is not looked at again.
fn filled(text: &str, is_html: bool, filling: &Filling<'_>) -> Option<String> {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let Some((inner, after)) = rest[at + 2..].split_once("}}") else { break };
        made.push_str(&rest[..at]);
        let (name, way_out) = inner.split_once('|').map_or((inner, None), |(name, way_out)| (name, Some(way_out)));
        let value = match name.trim() {
            PRODUCT_URL => filling.product_url.clone()?,
            STOP_URL => filling.stop_url.clone()?,
            // The way out is the writer's: in a page it is escaped already.
            name if OWN.contains(&name) => match own(filling.customer, name) {
                Some(value) => value,
                None => {
                    made.push_str(way_out?);
                    rest = after;
                    continue;
                }
            },
            _ => return None,
        };
        made.push_str(&if is_html { escape(&value) } else { value });
        rest = after;
    }
    made.push_str(rest);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn customer(name: &str) -> Customer {
        let extra = serde_json::json!({"name": name, "language": "en"}).to_string();
        Customer { extra: Some(extra), city: Some("杭州".into()), ..Customer::default() }
    }

    fn filled_for(customer: &Customer, text: &str, is_html: bool) -> Option<String> {
        let filling =
            Filling { customer, product_url: None, stop_url: Some("https://h/?a=1&k=2".into()), stop_line: "" };
        filled(text, is_html, &filling)
    }

    #[test]
    fn places_are_filled_in_from_the_row_and_escaped_where_they_stand() {
        let li = customer("Li <b> & Co");
        assert_eq!(filled_for(&li, "Hi {{name}}, {{city}}", false).unwrap(), "Hi Li <b> & Co, 杭州");
        assert_eq!(filled_for(&li, "<p>{{name}}</p>", true).unwrap(), "<p>Li &lt;b&gt; &amp; Co</p>");
        assert_eq!(filled_for(&li, "{{unsubscribe_url}}", true).unwrap(), "https://h/?a=1&amp;k=2");
        assert_eq!(filled_for(&li, "{{region}}", false), None, "nothing is known, and there is no way out");
        assert_eq!(filled_for(&li, "{{region|there}} {{", false).unwrap(), "there {{");
        assert_eq!(filled_for(&li, "{{product_url}}", false), None);
        for name in ["{{unsubscribe_url}}", "see http://evil.example", "www.evil.example", "", " \n", &"长".repeat(41)]
        {
            assert_eq!(filled_for(&customer(name), "{{name|您}}", false).unwrap(), "您", "{name}");
        }
        assert_eq!(filled_for(&customer("Li\r\nBcc: x"), "{{name}}", false).unwrap(), "Li  Bcc: x");
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_a_page(name in ".{0,60}") {
            let made = filled_for(&customer(&name), "<p title=\"{{name|x}}\">{{name|x}}</p>", true).unwrap();
            prop_assert_eq!(made.matches('<').count(), 2);
            prop_assert_eq!(made.matches('"').count(), 2);
            prop_assert!(!made.contains('\n'));
        }
    }
}
