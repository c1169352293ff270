//! A form as people see it: values in words, what is personal masked. The values themselves stay whole in the filling.

use super::purchases::{lines, order, order_options};
use super::{CONFIRM, Field, FieldKind, FieldView, Filling, Form, FormView, FormWorld};
use crate::world::OrderRecord;

/// The form as it stands, for showing beside the text.
pub fn view(filling: &Filling, form: &Form, world: &FormWorld) -> FormView {
    let fields = form.fields.iter().filter(|field| field.applies(filling)).map(|field| {
        let is_asked = filling.asked.as_deref() == Some(&field.name);
        FieldView {
            name: field.name.clone(),
            label: field.label(world.lang).to_owned(),
            value: filling.values.get(&field.name).map(|value| shown(field, value, world)),
            is_asked,
            options: if is_asked { options(field, filling, world) } else { choices(field, world) },
        }
    });
    FormView {
        form: form.name.clone(),
        title: form.title(world.lang).to_owned(),
        fields: fields.collect(),
        to_confirm: filling.asked.as_deref() == Some(CONFIRM),
    }
}

fn choices(field: &Field, world: &FormWorld) -> Vec<String> {
    match &field.kind {
        FieldKind::Choice { options } => options.iter().map(|option| option.label(world.lang).to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// What may be answered to a field, in words.
pub(super) fn options(field: &Field, filling: &Filling, world: &FormWorld) -> Vec<String> {
    offers(field, filling, world).into_iter().map(|(_, words)| words).collect()
}

/// Values of a field to choose from, each with its words; empty for what is not chosen.
pub(super) fn offers(field: &Field, filling: &Filling, world: &FormWorld) -> Vec<(String, String)> {
    match &field.kind {
        FieldKind::Choice { options } => {
            options.iter().map(|option| (option.value.clone(), option.label(world.lang).to_owned())).collect()
        }
        FieldKind::Order => {
            let all = order_options(world, is_for_unsent(filling, world));
            all.into_iter().map(|order| (order.order_id.clone(), order_words(order, world))).collect()
        }
        FieldKind::OrderLine => chosen_order(filling, world)
            .map(|order| {
                let ids = lines(order).take(crate::state::LISTED_MAX);
                ids.map(|id| (id.to_owned(), product_name(id, world))).collect()
            })
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Whether a form changes what has not been sent.
fn is_for_unsent(filling: &Filling, world: &FormWorld) -> bool {
    let mut all = world.policies.forms.iter().chain(super::FormBook::built_in());
    let form = all.find(|form| form.name == filling.form);
    form.is_some_and(|form| form.policies.iter().any(|policy| policy == "not_shipped"))
}

/// The order that is filled in, whatever the field is called.
pub(super) fn chosen_order<'a>(filling: &Filling, world: &FormWorld<'a>) -> Option<&'a OrderRecord> {
    filling.values.values().find_map(|value| order(world, value))
}

pub(super) fn product_name(product_id: &str, world: &FormWorld) -> String {
    (world.product)(product_id).map_or_else(|| product_id.to_owned(), |product| product.name.clone())
}

/// An order in a line: its number, its day, what is in it.
fn order_words(order: &OrderRecord, world: &FormWorld) -> String {
    let day = (world.day_of)(order.ordered_at);
    let mut names = lines(order).map(|id| product_name(id, world));
    let first = names.next().unwrap_or_default();
    let n_more = names.count();
    let more = if n_more > 0 { world.lang.choose(" 等", " and more") } else { "" };
    world.lang.choose(
        format!("{}（{day}，{first}{more}）", order.order_id),
        format!("{} ({day}, {first}{more})", order.order_id),
    )
}

/// A value in words, masked where it is personal.
pub(super) fn shown(field: &Field, value: &str, world: &FormWorld) -> String {
    match &field.kind {
        FieldKind::Choice { options } => options
            .iter()
            .find(|option| option.value == value)
            .map_or_else(|| value.to_owned(), |option| option.label(world.lang).to_owned()),
        FieldKind::OrderLine | FieldKind::Product => product_name(value, world),
        // What a customer wrote may look like one of our citations.
        kind => crate::say::format::quoted(&masked(kind, value)),
    }
}

/// A value with what is personal in it hidden: `138****5678`, `l***@example.com`, `上海市张江路**号`, `9135**********0Y43`.
pub fn masked(kind: &FieldKind, value: &str) -> String {
    match kind {
        FieldKind::Phone => hide(value, if value.starts_with('+') { 4 } else { 3 }, 4),
        FieldKind::Email => match value.split_once('@') {
            Some((local, host)) => format!("{}***@{host}", local.chars().next().unwrap_or('*')),
            None => hide(value, 1, 0),
        },
        FieldKind::TaxNumber => hide(value, 4, 4),
        FieldKind::Address => digits_hidden(value),
        _ => value.to_owned(),
    }
}

/// The middle as stars; of short values, everything.
fn hide(value: &str, n_first: usize, n_last: usize) -> String {
    let characters: Vec<char> = value.chars().collect();
    let n = characters.len();
    if n <= n_first + n_last {
        return "*".repeat(n);
    }
    let stars = std::iter::repeat_n('*', n - n_first - n_last);
    characters[..n_first].iter().copied().chain(stars).chain(characters[n - n_last..].iter().copied()).collect()
}

/// The town and the road stay, for recognising it; numbers of house, floor and room do not.
fn digits_hidden(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut hidden = false;
    for character in value.chars() {
        if !character.is_numeric() {
            out.push(character);
        } else if !hidden {
            out.push_str("**");
        }
        hidden = character.is_numeric();
    }
    out
}
