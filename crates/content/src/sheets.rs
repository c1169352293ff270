//! Drafts as the tables that advertising platforms and marketplaces take in: which columns, one row for what, what does not fit
//! and why. Rows are texts; whoever writes a file escapes them and makes cells that begin like a formula harmless. Not here:
//! files, and whether a draft was approved.
//!
//! Google Ads Editor, "Import a CSV file: columns" and "About responsive search ads" (3 to 15 headlines of 30, 2 to 4 descriptions of 90,
//! two paths of 15; full-width characters count two). Baidu's client lets columns be named at import; limits are those of its text
//! creatives (title 8 to 50, two descriptions of 8 to 80, full-width characters count two). The other headings are ours, for people
//! who fill in the platform's own form.

use serde::{Deserialize, Serialize};

use crate::channel::{Count, clip};
use crate::write::Draft;

/// Items of one sheet.
const ITEMS_MAX: usize = 50_000;

/// A draft with what its row needs beside it.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub draft: &'a Draft,
    pub product_id: &'a str,
    pub product_name: &'a str,
    /// Of its texts: an advertisement speaks one.
    pub language: &'a str,
    /// Where the advertisement leads.
    pub url: &'a str,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub columns: Vec<String>,
    /// As long as `columns` each.
    pub rows: Vec<Vec<String>>,
    pub left_out: Vec<LeftOut>,
}

/// What has no row, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub product_id: String,
    pub why: String,
}

/// Where advertisements are put.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Campaign {
    pub name: String,
    /// One group for all; each product its own, if empty.
    pub group: String,
    /// The two parts shown behind the address.
    pub paths: Vec<String>,
    pub is_paused: bool,
}

/// A marketplace whose sheet of titles is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marketplace {
    /// Titles of 60, full-width characters count two.
    Taobao,
    /// The same.
    Pinduoduo,
    /// Titles of 200 characters, five bullets of 500, a description of 2,000.
    Amazon,
}

impl Sheet {
    fn new(columns: &[&str]) -> Sheet {
        Sheet { columns: columns.iter().map(|column| (*column).to_owned()).collect(), ..Sheet::default() }
    }

    fn push(&mut self, item: &Item, row: Result<Vec<String>, String>) {
        match row {
            Ok(row) => {
                debug_assert_eq!(row.len(), self.columns.len());
                self.rows.push(row);
            }
            Err(why) => self.leave(item, why),
        }
    }

    fn leave(&mut self, item: &Item, why: String) {
        self.left_out.push(LeftOut { product_id: item.product_id.to_owned(), why });
    }
}

impl Item<'_> {
    fn text(&self, field: &str) -> &str {
        self.draft.text(field).unwrap_or_default().trim()
    }

    /// A field's text within a limit of the platform.
    fn within(&self, field: &str, min: usize, max: usize, count: Count) -> Result<String, String> {
        let text = self.text(field);
        match count.of(text) {
            n if (min..=max).contains(&n) => Ok(text.to_owned()),
            n => Err(format!("{field} is {n} long; allowed: {min} to {max}")),
        }
    }

    fn of_channel(&self, channel: &str) -> Result<(), String> {
        let found = &self.draft.channel;
        if found == channel { Ok(()) } else { Err(format!("it is of the channel '{found}'; allowed: '{channel}'")) }
    }
}

/// Drafts of `search_ad` as responsive search ads for Google Ads Editor: one row a product, of the headlines and descriptions of all its
/// drafts.
pub fn google_ads(items: &[Item], campaign: &Campaign) -> Sheet {
    let headlines: Vec<String> = (1..=15).map(|n| format!("Headline {n}")).collect();
    let descriptions: Vec<String> = (1..=4).map(|n| format!("Description {n}")).collect();
    let columns: Vec<&str> = ["Campaign", "Ad Group", "Ad type"]
        .into_iter()
        .chain(headlines.iter().chain(&descriptions).map(String::as_str))
        .chain(["Path 1", "Path 2", "Final URL", "Status"])
        .collect();
    let mut sheet = Sheet::new(&columns);
    let mut products: Vec<(&Item, Vec<&Item>)> = Vec::new();
    for item in items.iter().take(ITEMS_MAX) {
        match (
            item.of_channel("search_ad"),
            products
                .iter_mut()
                .find(|(first, _)| (first.product_id, first.language) == (item.product_id, item.language)),
        ) {
            (Err(why), _) => sheet.leave(item, why),
            (Ok(()), Some((_, own))) => own.push(item),
            (Ok(()), None) => products.push((item, vec![item])),
        }
    }
    for (first, own) in products {
        let row = search_ad(first, &own, campaign);
        sheet.push(first, row);
    }
    sheet
}

fn search_ad(first: &Item, own: &[&Item], campaign: &Campaign) -> Result<Vec<String>, String> {
    let gather = |names: &[&str], max: usize, most: usize| {
        let mut all: Vec<String> = Vec::new();
        for text in own.iter().flat_map(|item| names.iter().map(|name| item.text(name))) {
            let is_new = !text.is_empty() && !all.iter().any(|other| other == text);
            if is_new && all.len() < most && Count::Wide2.fits(text, max) {
                all.push(text.to_owned());
            }
        }
        all
    };
    let headlines = gather(&["headline_1", "headline_2", "headline_3"], 30, 15);
    let descriptions = gather(&["description_1", "description_2"], 90, 4);
    if headlines.len() < 3 || descriptions.len() < 2 {
        let found = format!("{} different headlines and {} descriptions", headlines.len(), descriptions.len());
        return Err(format!("{found}; at least 3 and 2 are needed: write more variants"));
    }
    let padded = |texts: Vec<String>, n: usize| texts.into_iter().chain(std::iter::repeat(String::new())).take(n);
    let path =
        |at: usize| campaign.paths.get(at).map(|path| clip(path, 15, Count::Wide2).to_owned()).unwrap_or_default();
    let head = [campaign.name.clone(), group(first, campaign), "Responsive search ad".to_owned()];
    let status = if campaign.is_paused { "Paused" } else { "Enabled" };
    let tail = [path(0), path(1), address(first)?, status.to_owned()];
    Ok(head.into_iter().chain(padded(headlines, 15)).chain(padded(descriptions, 4)).chain(tail).collect())
}

fn group(item: &Item, campaign: &Campaign) -> String {
    if campaign.group.is_empty() { item.product_name.to_owned() } else { campaign.group.clone() }
}

fn address(item: &Item) -> Result<String, String> {
    let is_web = ["https://", "http://"].iter().any(|begin| item.url.starts_with(begin));
    match is_web && !item.url.contains(char::is_whitespace) && item.url.len() <= 2_048 {
        true => Ok(item.url.to_owned()),
        false => Err("it has no address; one that begins with https:// is needed".to_owned()),
    }
}

/// Drafts of `search_ad` as creatives for Baidu's client: one row a draft.
pub fn baidu(items: &[Item], campaign: &Campaign) -> Sheet {
    let mut sheet = Sheet::new(&[
        "推广计划名称",
        "推广单元名称",
        "创意标题",
        "创意描述第一行",
        "创意描述第二行",
        "访问URL",
        "移动访问URL",
        "启用/暂停",
    ]);
    for item in items.iter().take(ITEMS_MAX) {
        let row = || {
            item.of_channel("search_ad")?;
            let (title, more) = (item.text("headline_1"), item.text("headline_2"));
            let joined = format!("{title}，{more}");
            // A second headline goes with the first where both fit.
            let title = if !more.is_empty() && Count::Wide2.fits(&joined, 50) { joined } else { title.to_owned() };
            let n = Count::Wide2.of(&title);
            if !(8..=50).contains(&n) {
                return Err(format!("the title is {n} long; allowed: 8 to 50"));
            }
            let url = address(item)?;
            Ok(vec![
                campaign.name.clone(),
                group(item, campaign),
                title,
                item.within("description_1", 8, 80, Count::Wide2)?,
                item.within("description_2", 8, 80, Count::Wide2)?,
                url.clone(),
                url,
                if campaign.is_paused { "暂停" } else { "启用" }.to_owned(),
            ])
        };
        sheet.push(item, row());
    }
    sheet
}

/// Drafts of `douyin` as a list of materials for 巨量引擎: script, title of 5 to 55 characters, ad label.
pub fn ocean_engine(items: &[Item]) -> Sheet {
    let mut sheet = Sheet::new(&["商品ID", "素材名称", "创意标题", "口播脚本", "行动号召", "落地页", "广告标识"]);
    for item in items.iter().take(ITEMS_MAX) {
        let row = || {
            item.of_channel("douyin")?;
            let scenes = ["hook", "scene_1", "scene_2", "scene_3", "close"].map(|field| item.text(field));
            let script: Vec<&str> = scenes.into_iter().filter(|text| !text.is_empty()).collect();
            Ok(vec![
                item.product_id.to_owned(),
                format!("{} {} {}", item.product_name, item.draft.angle.name(), item.draft.seed),
                item.within("caption", 5, 55, Count::Chars)?,
                script.join("\n"),
                item.text("close").to_owned(),
                address(item)?,
                item.within("label", 1, 8, Count::Chars)?,
            ])
        };
        sheet.push(item, row());
    }
    sheet
}

/// Drafts of `xiaohongshu` as a list of notes: title of at most 20 full-width characters, text of 1,000, ten topics.
pub fn xiaohongshu(items: &[Item]) -> Sheet {
    let mut sheet = Sheet::new(&["商品ID", "笔记标题", "笔记正文", "话题", "广告标识", "商品链接"]);
    for item in items.iter().take(ITEMS_MAX) {
        let row = || {
            item.of_channel("xiaohongshu")?;
            let topics: Vec<&str> = item.text("tags").split_whitespace().take(10).collect();
            Ok(vec![
                item.product_id.to_owned(),
                item.within("title", 1, 40, Count::Wide2)?,
                item.within("text", 1, 1_000, Count::Chars)?,
                topics.join(" "),
                item.within("label", 1, 8, Count::Chars)?,
                item.url.to_owned(),
            ])
        };
        sheet.push(item, row());
    }
    sheet
}

/// Titles for a marketplace: drafts of `marketplace_title`, for Amazon of `store_page` with bullets and description.
pub fn titles(items: &[Item], marketplace: Marketplace) -> Sheet {
    let mut sheet = match marketplace {
        Marketplace::Taobao => Sheet::new(&["商家编码", "宝贝标题"]),
        Marketplace::Pinduoduo => Sheet::new(&["商品编码", "商品标题"]),
        Marketplace::Amazon => Sheet::new(&[
            "item_sku",
            "item_name",
            "bullet_point1",
            "bullet_point2",
            "bullet_point3",
            "bullet_point4",
            "bullet_point5",
            "product_description",
        ]),
    };
    for item in items.iter().take(ITEMS_MAX) {
        let row = || {
            let id = item.product_id.to_owned();
            if marketplace != Marketplace::Amazon {
                item.of_channel("marketplace_title")?;
                return Ok(vec![id, item.within("title", 1, 60, Count::Wide2)?]);
            }
            item.of_channel("store_page")?;
            let mut row = vec![id, item.within("title", 1, 200, Count::Chars)?];
            for nth in 1..=5 {
                row.push(item.within(&format!("bullet_{nth}"), 0, 500, Count::Chars)?);
            }
            row.push(item.within("description", 1, 2_000, Count::Chars)?);
            Ok(row)
        };
        sheet.push(item, row());
    }
    sheet
}

#[cfg(test)]
mod tests {
    use domain::{Cents, Product};

    use super::*;
    use crate::brief::{Brief, Lang};
    use crate::plan::{Market, Plan};
    use crate::write::{Angle, Task, write};

    fn drafts(channel: &str, lang: Lang, n: u64) -> Vec<Draft> {
        let specs = [("memory", "16 GB"), ("storage", "512 GB"), ("weight", "1.25 kg"), ("screen_size", "14 in")];
        let product = Product {
            product_id: "P1".into(),
            name: lang.choose("科梵 Velo 2 笔记本电脑", "Korvane Velo 2 Laptop").into(),
            category: Some("Computers/Laptops".into()),
            price_cents: Some(Cents(599_900)),
            specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Product::default()
        };
        let brief = Brief {
            products: vec![product],
            channel: channel.into(),
            lang,
            currency: "CNY".into(),
            ..Brief::default()
        };
        let plan = Plan::new(&brief, &Market::default());
        let one = |seed| {
            write(&Task {
                brief: &brief,
                plan: &plan,
                channel: brief.check().unwrap(),
                angle: Angle::Goal,
                seed,
                last_openings: &[],
            })
        };
        (0..n).map(one).collect()
    }

    fn items(drafts: &[Draft]) -> Vec<Item<'_>> {
        let item = |draft| Item {
            draft,
            product_id: "P1",
            product_name: "Velo 2",
            language: "en",
            url: "https://shop.example/p1",
        };
        drafts.iter().map(item).collect()
    }

    fn cell<'s>(sheet: &'s Sheet, row: usize, column: &str) -> &'s str {
        let at = sheet.columns.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        &sheet.rows[row][at]
    }

    #[test]
    fn a_product_is_one_responsive_search_ad() {
        let drafts = drafts("search_ad", Lang::En, 3);
        let campaign =
            Campaign { name: "Spring".into(), paths: vec!["laptops".into()], is_paused: true, ..Campaign::default() };
        let sheet = google_ads(&items(&drafts), &campaign);
        assert_eq!((sheet.rows.len(), sheet.columns.len(), sheet.left_out.len()), (1, 26, 0));
        let is = |column: &str| cell(&sheet, 0, column);
        assert_eq!((is("Campaign"), is("Ad Group"), is("Ad type")), ("Spring", "Velo 2", "Responsive search ad"));
        assert_eq!(
            (is("Path 1"), is("Path 2"), is("Status"), is("Final URL")),
            ("laptops", "", "Paused", "https://shop.example/p1")
        );
        let headlines: Vec<&str> = (1..=15).map(|n| is_at(&sheet, n)).filter(|text| !text.is_empty()).collect();
        assert!(headlines.len() >= 3 && headlines.iter().all(|text| text.chars().count() <= 30), "{headlines:?}");
        let mut unique = headlines.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), headlines.len());
        assert!(!is("Description 2").is_empty());
    }

    fn is_at(sheet: &Sheet, n: usize) -> &str {
        cell(sheet, 0, &format!("Headline {n}"))
    }

    #[test]
    fn what_does_not_fit_is_left_out_with_the_reason() {
        let mut made = drafts("search_ad", Lang::Zh, 1);
        let fields = &mut made[0].fields;
        fields.iter_mut().find(|field| field.name == "description_1").unwrap().text = "字".repeat(41);
        let sheet = baidu(&items(&made), &Campaign::default());
        assert!(sheet.rows.is_empty() && sheet.left_out[0].why == "description_1 is 82 long; allowed: 8 to 80");
        made[0].fields.retain(|field| field.name != "headline_2" && field.name != "headline_3");
        assert!(google_ads(&items(&made), &Campaign::default()).left_out[0].why.contains("at least 3 and 2"));
        let wrong = drafts("push", Lang::Zh, 1);
        assert!(baidu(&items(&wrong), &Campaign::default()).left_out[0].why.contains("allowed: 'search_ad'"));
        let good = drafts("search_ad", Lang::Zh, 1);
        let nowhere = Item { url: "javascript:alert(1)", ..items(&good)[0] };
        assert!(baidu(&[nowhere], &Campaign::default()).left_out[0].why.contains("address"));
    }

    #[test]
    fn a_creative_has_title_and_two_lines() {
        let made = drafts("search_ad", Lang::Zh, 6);
        let sheet =
            baidu(&items(&made), &Campaign { name: "春季".into(), group: "笔记本".into(), ..Campaign::default() });
        assert!(!sheet.rows.is_empty(), "{:?}", sheet.left_out);
        for row in 0..sheet.rows.len() {
            assert!(cell(&sheet, row, "创意标题").contains("Velo 2") && cell(&sheet, row, "推广单元名称") == "笔记本");
            assert!((8..=80).contains(&Count::Wide2.of(cell(&sheet, row, "创意描述第一行"))));
            assert_eq!(cell(&sheet, row, "启用/暂停"), "启用");
        }
    }

    #[test]
    fn lists_of_materials_and_titles() {
        let made = drafts("douyin", Lang::Zh, 4);
        let sheet = ocean_engine(&items(&made));
        assert!(!sheet.rows.is_empty(), "{:?}", sheet.left_out);
        assert!(cell(&sheet, 0, "口播脚本").lines().count() >= 2 && cell(&sheet, 0, "广告标识") == "广告");
        let made = drafts("xiaohongshu", Lang::Zh, 1);
        let sheet = xiaohongshu(&items(&made));
        assert!(cell(&sheet, 0, "话题").starts_with('#') && Count::Wide2.of(cell(&sheet, 0, "笔记标题")) <= 40);
        let made = drafts("marketplace_title", Lang::Zh, 1);
        let sheet = titles(&items(&made), Marketplace::Taobao);
        assert!(cell(&sheet, 0, "宝贝标题").starts_with("科梵 Velo 2"));
        let made = drafts("store_page", Lang::En, 1);
        let sheet = titles(&items(&made), Marketplace::Amazon);
        assert!(cell(&sheet, 0, "item_name").contains("Velo 2") && !cell(&sheet, 0, "bullet_point1").is_empty());
        assert_eq!(titles(&items(&made), Marketplace::Pinduoduo).rows.len(), 0);
    }
}
