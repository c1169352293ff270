//! Pages and mails in HTML: detail page, article, e-mail. Styles stand in the elements, as mail programs and WeChat keep no
//! others. Links are left to who sends: `{{product_url}}` and `{{unsubscribe_url}}`. Everything from data is escaped.

use super::form::{behind, opening, paragraphs};
use super::html::{Html, escape};
use super::line::Line;
use super::realise::Realiser;
use crate::brief::Lang;
use crate::plan::attributes::attribute;
use crate::plan::{Claim, names};

/// Sections of a page.
const SECTIONS_MAX: usize = 4;
/// Rows of the table of specs.
const ROWS_MAX: usize = 40;
/// Characters of a cell.
const CELL_CHARS_MAX: usize = 120;

/// A page: introduction, a section for each of the strongest points, the table of specs, price, what to do.
pub fn page(realiser: &mut Realiser) -> Line {
    realiser.forget();
    let mut html = Html::default();
    html.raw("<article style=\"max-width:720px;margin:0 auto;font:16px/1.7 -apple-system,'PingFang SC','Microsoft YaHei',sans-serif;color:#222\">\n");
    picture(realiser, &mut html);
    // The opening takes what is strongest, sections the next, the paragraphs behind them what is left.
    let first = opening(realiser);
    let mut middle = Html::default();
    sections(realiser, &mut middle);
    let middle = middle.line();
    let around = behind(realiser, first, true);
    let paragraph = |html: &mut Html, line: &Line| {
        html.raw("<p style=\"margin:0 0 16px\">").words(line).raw("</p>\n");
    };
    around.first().into_iter().for_each(|line| paragraph(&mut html, line));
    html.markup(&middle);
    around.iter().skip(1).for_each(|line| paragraph(&mut html, line));
    specs(realiser, &mut html);
    html.raw("</article>");
    html.line()
}

fn picture(realiser: &Realiser, html: &mut Html) {
    let hero = realiser.task.brief.hero();
    if let Some(url) = hero.image_url.as_deref().filter(|url| is_link(url)) {
        let (url, alt) = (escape(url), escape(&realiser.plan().short));
        html.raw(&format!(
            "<p style=\"margin:0 0 16px\"><img src=\"{url}\" alt=\"{alt}\" style=\"max-width:100%;height:auto\"></p>\n"
        ));
    }
}

/// Only what a browser fetches, never what it runs.
fn is_link(url: &str) -> bool {
    url.len() <= 2000 && url.starts_with("https://") && !url.chars().any(|one| one.is_control() || one.is_whitespace())
}

/// Each of the strongest points under its own heading.
fn sections(realiser: &mut Realiser, html: &mut Html) {
    let any = |_: &Line| true;
    let mut n = 0;
    for at in 0..realiser.plan().points.len() {
        if n == SECTIONS_MAX {
            break;
        }
        let Some(body) = realiser.say_about(at, "section.body", &any) else { continue };
        let Some(head) = realiser.say_about(at, "section.head", &any) else { continue };
        html.raw("<h2 style=\"font-size:20px;margin:24px 0 8px\">")
            .words(&head)
            .raw("</h2>\n<p style=\"margin:0 0 16px\">");
        html.words(&body).raw("</p>\n");
        n += 1;
    }
}

/// The table of all specs, as the shop gives them, contradictory ones left out.
fn specs(realiser: &mut Realiser, html: &mut Html) {
    let hero = realiser.task.brief.hero();
    let lang = realiser.lang();
    let omitted: Vec<&str> = realiser.plan().omitted.iter().map(|one| one.field.as_str()).collect();
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for (key, value) in
        hero.specs.iter().filter(|(key, _)| !omitted.contains(&format!("specs.{key}").as_str())).take(ROWS_MAX)
    {
        let (label, value) = (names::clean(key), names::clean(value));
        if label.is_empty() || value.is_empty() {
            continue;
        }
        // A name that we do not know stays in the language of the shop.
        let known = attribute(key);
        let is_foreign = known.is_none() && lang == Lang::Zh && label.is_ascii();
        if is_foreign {
            continue;
        }
        let label =
            known.map_or_else(|| titled(&label), |known| lang.choose(known.label_zh, known.label_en).to_owned());
        let value: String = value.chars().take(CELL_CHARS_MAX).collect();
        let said = realiser.plan().points.iter().find_map(|point| match &point.claim {
            Claim::Spec { fact, .. } if fact.field == format!("specs.{key}") && Some(fact.attribute) == known => {
                Some(lang.choose(&fact.reading.zh, &fact.reading.en).clone())
            }
            _ => None,
        });
        rows.push((key.clone(), label, said.unwrap_or(value)));
    }
    if rows.is_empty() {
        return;
    }
    html.raw(lang.choose(
        "<h2 style=\"font-size:20px;margin:24px 0 8px\">参数</h2>\n",
        "<h2 style=\"font-size:20px;margin:24px 0 8px\">Specifications</h2>\n",
    ));
    html.raw("<table style=\"width:100%;border-collapse:collapse\">\n");
    for (key, label, value) in rows {
        let raw = names::clean(&hero.specs[&key]);
        let evidence = realiser.field(&format!("specs.{key}"), &raw);
        html.raw("<tr><th style=\"text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid #eee;font-weight:normal;color:#666\">");
        html.bound(&label, evidence).raw("</th><td style=\"padding:6px 0;border-bottom:1px solid #eee\">");
        html.bound(&value, evidence).raw("</td></tr>\n");
    }
    html.raw("</table>\n");
}

/// A label that we do not know, as a heading: `fingerprint_reader` is `Fingerprint reader`.
fn titled(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).map(|one| if one == '_' { ' ' } else { one }).collect()
}

/// A mail of one column that also reads in programs without CSS.
pub fn mail(realiser: &mut Realiser) -> Line {
    realiser.forget();
    let lang = realiser.lang();
    let shop = names::clean(&realiser.task.brief.shop_name);
    let shop_at = realiser.cite(crate::plan::Evidence::Brief { part: "shop_name".into(), value: shop.clone() });
    let name_at = {
        let name = realiser.plan().name.clone();
        realiser.field("name", &name)
    };
    let short = realiser.plan().short.clone();
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n<html lang=\"").raw(lang.choose("zh-CN", "en"));
    html.raw("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
    // Colours stand in the elements, where no rule for the dark reaches: programs are asked not to turn half of them round.
    html.raw("<meta name=\"color-scheme\" content=\"light only\"><title>").bound(&short, name_at);
    html.raw("</title></head>\n<body style=\"margin:0;background:#f4f4f4\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"center\">\n");
    html.raw("<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:600px;width:100%;background:#fff;font:16px/1.7 -apple-system,'PingFang SC','Microsoft YaHei',Arial,sans-serif;color:#222\">\n");
    html.raw("<tr><td style=\"padding:20px 24px;color:#666;font-size:14px\">").bound(&shop, shop_at);
    html.raw("</td></tr>\n<tr><td style=\"padding:0 24px\">");
    picture(realiser, &mut html);
    html.raw("<h1 style=\"font-size:24px;line-height:1.3;margin:8px 0 16px\">").bound(&short, name_at).raw("</h1>\n");
    for paragraph in paragraphs(realiser, false) {
        html.raw("<p style=\"margin:0 0 16px\">").words(&paragraph).raw("</p>\n");
    }
    html.raw("<p style=\"margin:24px 0\"><a href=\"{{product_url}}\" style=\"display:inline-block;padding:12px 28px;background:#1a56db;color:#fff;text-decoration:none;border-radius:6px\">");
    html.raw(lang.choose("查看商品", "See the product")).raw("</a></p>\n</td></tr>\n");
    html.raw("<tr><td style=\"padding:16px 24px;color:#666;font-size:12px;border-top:1px solid #eee\">")
        .raw(footer(lang));
    html.raw("</td></tr>\n</table>\n</td></tr></table>\n</body></html>");
    html.line()
}

/// The end of a mail's plain text: where the page leads, for programs that show no page.
pub fn links(lang: Lang) -> &'static str {
    lang.choose(
        "\n\n查看商品：{{product_url}}\n\n广告邮件。不想再收到，在此退订：{{unsubscribe_url}}",
        "\n\nSee the product: {{product_url}}\n\nAdvertisement. Unsubscribe at any time: {{unsubscribe_url}}",
    )
}

fn footer(lang: Lang) -> &'static str {
    lang.choose(
        "广告邮件。不想再收到，<a href=\"{{unsubscribe_url}}\" style=\"color:#666\">点此退订</a>。",
        "Advertisement. <a href=\"{{unsubscribe_url}}\" style=\"color:#666\">Unsubscribe</a> at any time.",
    )
}
