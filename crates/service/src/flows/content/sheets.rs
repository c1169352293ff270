//! Drafts as the tables that advertising platforms and marketplaces take in, as files: which columns there are is the business of
//! `content::sheets`. Addresses carry the campaign and the draft, so that what customers did can be traced to the words they saw.

pub use content::sheets::Sheet;
use content::sheets::{Campaign, Item, Marketplace, baidu, google_ads, ocean_engine, titles, xiaohongshu};
use data::state::drafts::DraftQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::{ContentConfig, PRODUCT, check_url};
use super::drafts::{self, DraftDetail};
use super::export::csv_row;
use crate::error::{Result, ServiceError, clipped};
use crate::store::Store;

/// Drafts of one sheet.
const DRAFTS_MAX: usize = 20_000;
const PAGE: usize = 200;
const NAME_CHARS_MAX: usize = 100;
/// What may not stand in a part of an address.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub const SHEETS: [&str; 7] = ["google_ads", "baidu", "ocean_engine", "xiaohongshu", "taobao", "pinduoduo", "amazon"];

/// Which table is asked for.
#[derive(Clone, Debug, Default)]
pub struct SheetAsked {
    pub sheet: String,
    /// Identifies the campaign, in the sheet and in addresses.
    pub campaign: Option<String>,
    /// One group of advertisements for all products; each its own if absent.
    pub group: Option<String>,
    /// Where a product stands on the web; `[content] product_url` if absent.
    pub address: Option<String>,
    pub is_paused: bool,
}

impl SheetAsked {
    /// # Errors
    /// If a name or an address is none.
    pub fn checked(self) -> Result<SheetAsked> {
        if !SHEETS.contains(&self.sheet.as_str()) {
            let message = format!("sheet is '{}'; allowed: {}", clipped(&self.sheet), SHEETS.join(", "));
            return Err(ServiceError::usage("sheet", message));
        }
        for (what, name) in [("campaign", &self.campaign), ("group", &self.group)] {
            name.as_deref().map_or(Ok(()), |name| check_name(what, name))?;
        }
        let address = self.address.as_deref().map_or(Ok(()), check_url);
        address.map_err(|said| ServiceError::usage("address", said))?;
        Ok(self)
    }

    /// Whether people in China read it: their spreadsheets need to be told that a file is UTF-8.
    fn is_chinese(&self) -> bool {
        !matches!(self.sheet.as_str(), "google_ads" | "amazon")
    }
}

/// The channel whose drafts a sheet takes.
pub fn channel_of(sheet: &str) -> &'static str {
    match sheet {
        "google_ads" | "baidu" => "search_ad",
        "ocean_engine" => "douyin",
        "xiaohongshu" => "xiaohongshu",
        "amazon" => "store_page",
        _ => "marketplace_title",
    }
}

/// # Errors
/// If a campaign or group cannot be called so.
pub fn check_name(what: &'static str, name: &str) -> Result<()> {
    let n_chars = name.chars().count();
    match (1..=NAME_CHARS_MAX).contains(&n_chars) && !name.trim().is_empty() && !name.contains(char::is_control) {
        true => Ok(()),
        false => Err(ServiceError::usage(
            what,
            format!("{what} is '{}'; allowed: 1 to {NAME_CHARS_MAX} characters on one line", clipped(name)),
        )),
    }
}

/// The sheet of all drafts of a query.
///
/// # Errors
/// If there are too many.
pub fn sheet(store: &Store, query: &DraftQuery, config: &ContentConfig, asked: &SheetAsked) -> Result<Sheet> {
    let query = DraftQuery { channel: Some(channel_of(&asked.sheet).to_owned()), ..query.clone() };
    let (mut drafts, mut after) = (Vec::<DraftDetail>::new(), String::new());
    loop {
        let page = store.drafts_after(&query, &after, PAGE)?;
        drafts.extend(page.iter().map(drafts::read).collect::<Result<Vec<_>>>()?);
        if drafts.len() > DRAFTS_MAX {
            let message = format!("there are more drafts than one sheet takes: {DRAFTS_MAX}");
            return Err(ServiceError::usage("export", message).help("narrow it with state= and product="));
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after.clone_from(&last.id),
            _ => break,
        }
    }
    let template = asked.address.as_ref().or(config.product_url.as_ref());
    // Several drafts share a row of Google's, which tells by itself what each part of it did.
    let has_arm = asked.sheet != "google_ads";
    let urls: Vec<String> = drafts
        .iter()
        .map(|one| {
            let arm = has_arm.then_some(one.row.draft_id.as_str());
            template.map_or_else(String::new, |url| address(url, &one.row.product_id, asked.campaign.as_deref(), arm))
        })
        .collect();
    let items: Vec<Item> = drafts
        .iter()
        .zip(&urls)
        .map(|(one, url)| Item {
            draft: &one.draft,
            product_id: &one.row.product_id,
            product_name: &one.row.product_name,
            language: &one.row.language,
            url,
        })
        .collect();
    let campaign = Campaign {
        name: asked.campaign.clone().unwrap_or_default(),
        group: asked.group.clone().unwrap_or_default(),
        paths: Vec::new(),
        is_paused: asked.is_paused,
    };
    Ok(match asked.sheet.as_str() {
        "google_ads" => google_ads(&items, &campaign),
        "baidu" => baidu(&items, &campaign),
        "ocean_engine" => ocean_engine(&items),
        "xiaohongshu" => xiaohongshu(&items),
        "taobao" => titles(&items, Marketplace::Taobao),
        "pinduoduo" => titles(&items, Marketplace::Pinduoduo),
        _ => titles(&items, Marketplace::Amazon),
    })
}

/// The address of a product with what names campaign and words: `campaign_id` and `arm`, as in the table `exposures`.
pub fn address(template: &str, product_id: &str, campaign: Option<&str>, arm: Option<&str>) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, PART).to_string();
    let url = template.replace(PRODUCT, &encoded(product_id));
    let stamps: Vec<String> = [("campaign_id", campaign), ("arm", arm.filter(|_| campaign.is_some()))]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))))
        .collect();
    if stamps.is_empty() {
        return url;
    }
    let (page, place) = url.split_once('#').map_or((url.as_str(), None), |(page, place)| (page, Some(place)));
    let joint = if page.contains('?') { "&" } else { "?" };
    let place = place.map_or(String::new(), |place| format!("#{place}"));
    format!("{page}{joint}{}{place}", stamps.join("&"))
}

/// The sheet as CSV.
pub fn csv(sheet: &Sheet, asked: &SheetAsked) -> String {
    let mut text = if asked.is_chinese() { "\u{feff}".to_owned() } else { String::new() };
    for row in std::iter::once(&sheet.columns).chain(&sheet.rows) {
        csv_row(&mut text, row.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_campaign_and_words() {
        let url = "https://a.example/p/{product_id}?x=1#top";
        assert_eq!(address(url, "p/1 &", None, Some("cd_1")), "https://a.example/p/p%2F1%20%26?x=1#top");
        assert_eq!(
            address(url, "p1", Some("双十一"), Some("cd_1")),
            "https://a.example/p/p1?x=1&campaign_id=%E5%8F%8C%E5%8D%81%E4%B8%80&arm=cd_1#top"
        );
        assert_eq!(
            address("https://a.example/{product_id}", "p", Some("c"), None),
            "https://a.example/p?campaign_id=c"
        );
    }

    #[test]
    fn what_is_asked_wrongly_is_named() {
        let asked = |sheet: &str, campaign: &str, address: &str| {
            let asked = SheetAsked {
                sheet: sheet.into(),
                campaign: Some(campaign.into()),
                address: Some(address.into()),
                ..SheetAsked::default()
            };
            asked.checked().unwrap_err().message
        };
        assert!(asked("bing", "c", "https://a/{product_id}").contains("google_ads"));
        assert!(asked("baidu", "a\nb", "https://a/{product_id}").contains("on one line"));
        assert!(asked("baidu", "a", "https://a/p").contains("{product_id}"));
        assert!(SHEETS.iter().all(|name| content::channel::channel(channel_of(name)).is_some()));
    }
}
