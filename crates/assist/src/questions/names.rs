//! The shop's own names, found in questions as the shop writes them, in the other language where it is known, and with small slips.

use std::collections::{BTreeMap, BTreeSet};

use language::text::{MAKERS, syllable, to_simplified};
use rustc_hash::FxHashMap;

use super::distance;
use super::measures::Dimension;
use super::words::{self, Sense};

/// What the shop's tables name, as they write it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    /// Paths, `/` between their parts.
    pub categories: Vec<String>,
    pub brands: Vec<String>,
    pub products: Vec<String>,
    pub channels: Vec<String>,
    pub stores: Vec<String>,
    pub cities: Vec<String>,
    pub regions: Vec<String>,
    pub genders: Vec<String>,
    pub campaigns: Vec<String>,
    /// Key, Chinese and English name of each customer group.
    pub segments: Vec<(String, String, String)>,
}

/// Kinds of goods in both languages; words of a line mean the same.
const GOODS: &[&str] = &[
    "手机|智能手机|phone|smartphone|mobile phone|mobile|cell phone|handset",
    "笔记本电脑|笔记本|笔电|手提电脑|laptop|notebook",
    "台式机|台式电脑|desktop|desktop pc|desktop computer",
    "显示器|显示屏|monitor|screens",
    "平板电脑|平板|tablet|tablet pc",
    "智能手表|手表|watch|smart watch|smartwatch",
    "头戴耳机|头戴式耳机|headphone|headset",
    "真无线耳机|无线耳机|蓝牙耳机|真无线|earbud|tws",
    "音箱|音响|蓝牙音箱|speaker|loudspeaker",
    "微单相机|相机|微单|照相机|camera|mirrorless camera",
    "无人机|航拍无人机|drone",
    "路由器|无线路由器|router|wifi router",
    "打印机|printer",
    "电视|电视机|智能电视|tv|television",
    "电子书阅读器|电子书|阅读器|e-reader|ereader",
    "掌上游戏机|游戏机|掌机|handheld console|console|handheld|game console",
    "键盘|keyboard",
    "鼠标|mouse|mice|computer mouse",
    "移动硬盘|硬盘|移动固态硬盘|external storage|hard drive|external drive|ssd|portable ssd",
    "手机壳|保护壳|手机套|case|phone case",
    "手机膜|钢化膜|贴膜|screen protector|protector",
    "平板保护套|平板套|tablet cover|tablet case",
    "电脑包|内胆包|laptop sleeve|sleeve|laptop bag",
    "充电器|充电头|charger|power adapter",
    "数据线|充电线|cable|charging cable",
    "充电宝|移动电源|power bank|powerbank",
    "表带|strap|watch strap|watch band",
    "扩展坞|dock|docking station",
    "存储卡|内存卡|memory card|sd card",
    "镜头|lens",
    "相机电池|camera battery|camera batteries",
    "内存条|内存|memory module|ram",
    "显示器支架|支架|monitor arm",
    "手写笔|触控笔|stylus|stylus pen|styluses",
    "墨盒硒鼓|墨盒|硒鼓|ink|cartridge|ink cartridge|toner|ink and toner",
    "电脑|computer|pc",
    "手机通讯|通讯",
    "智能穿戴|穿戴|wearable",
    "影音|audio",
    "摄影摄像|摄影|photo|photography",
    "网络设备|networking|network",
    "办公设备|办公|office",
    "家庭影院|home cinema|home theatre",
    "数码|gadget",
    "电脑配件|computer accessory|computer accessories|pc accessories",
    "手机配件|phone accessory|phone accessories",
    "摄影配件|相机配件|camera accessory|camera accessories|photo accessories",
];

/// Words of several kinds at once.
const FAMILIES: &[(&str, &[&str])] = &[
    ("耳机|earphone|in-ear", &["头戴耳机", "真无线耳机"]),
    ("配件|accessory|accessories", &["电脑配件", "手机配件", "摄影配件"]),
];

/// Channels by the names they often have in data, and what people call them.
const CHANNELS: &[&str] = &[
    "app|应用|客户端|手机应用",
    "direct|直接访问|直达|官网",
    "organic_search|自然搜索|organic search|organic|seo",
    "store|门店|线下|线下门店|实体店|in store|in-store|offline|brick and mortar|physical store",
    "search_ads|搜索广告|搜索推广|搜索投放|search ads|search ad|paid search|search|sem|search advertising",
    "short_video|短视频|抖音|快手|short video|douyin|tiktok|video ads",
    "social_feed|信息流|社交|朋友圈|social feed|social|social media|feed ads",
    "display|展示广告|展示|display ads|display ad|display advertising|banner",
    "influencer|达人|网红|kol|influencers|creator",
    "email|邮件|电子邮件|e-mail|mail|newsletter",
    "sms|短信|text message",
    "app_push|推送|app推送|应用推送|push|app push|push notification",
    "wechat|微信|公众号",
    "web|网站|网页|website",
];

const GENDERS: &[&str] = &["male|m|男|男性|男士|男生|men|man|males", "female|f|女|女性|女士|女生|women|woman|females"];

/// Cities and provinces whose usual reading is another than that of their characters by themselves.
const READINGS: &[(&str, &str)] = &[
    ("重庆", "chongqing"),
    ("厦门", "xiamen"),
    ("长沙", "changsha"),
    ("长春", "changchun"),
    ("陕西", "shaanxi"),
    ("西藏", "tibet"),
    ("内蒙古", "inner mongolia"),
    ("香港", "hong kong"),
    ("澳门", "macau"),
    ("哈尔滨", "harbin"),
    ("乌鲁木齐", "urumqi"),
];

/// A text in the one form in which words are looked up: simplified, in lower case, without marks of its own.
pub(super) fn folded(text: &str) -> String {
    let wide = language::text::normalise(text).text().to_lowercase();
    let plain: String = to_simplified(&wide)
        .chars()
        .map(|c| match c {
            '’' | '‘' => '\'',
            '_' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An English word without the ending of several.
pub(super) fn singular(word: &str) -> Option<String> {
    let stem = word.strip_suffix('s').filter(|stem| stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']))?;
    Some(match stem.strip_suffix("ie") {
        Some(short) if short.len() > 1 => format!("{short}y"),
        _ => match stem.strip_suffix('e') {
            Some(short) if short.ends_with("ch") || short.ends_with("sh") || short.ends_with('x') => short.to_owned(),
            _ => stem.to_owned(),
        },
    })
}

fn is_han(c: char) -> bool {
    matches!(c as u32, 0x4e00..=0x9fff | 0x3400..=0x4dbf)
}

/// How Chinese characters sound one after another; nothing if others are among them.
pub(super) fn sound(text: &str) -> Option<String> {
    text.chars().map(|c| syllable(c).filter(|_| is_han(c))).collect::<Option<Vec<_>>>().map(|all| all.join(" "))
}

/// Words and what they may mean, of the language and of one shop.
pub struct Lexicon {
    senses: FxHashMap<String, Vec<Sense>>,
    /// Names of the shop by their sound.
    sounds: BTreeMap<String, String>,
    /// Places by their sound in Latin letters, without spaces.
    places: BTreeMap<String, (Dimension, String)>,
    /// Single Latin words, for slips.
    latin: Vec<String>,
    /// Names of products, folded.
    products: Vec<String>,
    longest: usize,
}

impl Lexicon {
    /// Reads the shop's names once; cheap to ask.
    pub fn new(names: &Names) -> Lexicon {
        let mut made = Lexicon {
            senses: FxHashMap::default(),
            sounds: BTreeMap::new(),
            places: BTreeMap::new(),
            latin: Vec::new(),
            products: names.products.iter().map(|name| folded(name)).collect(),
            longest: 0,
        };
        for (words, sense) in words::table() {
            words.split('|').for_each(|word| made.add(word, sense.clone()));
        }
        made.add_categories(&names.categories);
        made.add_brands(&names.brands);
        made.add_concepts(Dimension::Channel, CHANNELS, &names.channels);
        made.add_concepts(Dimension::Gender, GENDERS, &names.genders);
        made.add_plain(Dimension::Store, &names.stores);
        if names.stores.iter().any(|store| store == "online") {
            for word in ["线上", "网店", "网上", "online"] {
                made.add(word, Sense::Value(Dimension::Store, vec!["online".to_owned()]));
            }
        }
        made.add_places(Dimension::Region, &names.regions);
        made.add_places(Dimension::City, &names.cities);
        made.add_plain(Dimension::Campaign, &names.campaigns);
        for (key, zh, en) in &names.segments {
            for word in [key, zh, en] {
                made.add(word, Sense::Value(Dimension::Segment, vec![key.clone()]));
            }
        }
        for maker in MAKERS {
            for name in maker.names.iter().filter(|name| !made.senses.contains_key(**name)).collect::<Vec<_>>() {
                made.add(name, Sense::Foreign);
            }
        }
        let mut latin: Vec<String> = made
            .senses
            .iter()
            .filter(|(word, senses)| {
                word.chars().count() >= 4
                    && word.chars().all(|c| c.is_ascii_alphabetic())
                    && !senses
                        .iter()
                        .any(|sense| matches!(sense, Sense::Nothing | Sense::Foreign | Sense::From | Sense::First))
            })
            .map(|(word, _)| word.clone())
            .collect();
        latin.sort();
        made.latin = latin;
        made
    }

    fn add(&mut self, word: &str, sense: Sense) {
        let word = folded(word);
        if word.is_empty() || word.chars().count() > 60 {
            return;
        }
        self.longest = self.longest.max(word.chars().count());
        if let Sense::Value(..) = sense
            && word.chars().count() > 1
            && let Some(sound) = sound(&word)
        {
            self.sounds.entry(sound).or_insert_with(|| word.clone());
        }
        let senses = self.senses.entry(word).or_default();
        // Several kinds of the shop may have one name: all of them are meant.
        if let Sense::Value(field, values) = &sense
            && let Some(Sense::Value(_, own)) =
                senses.iter_mut().find(|own| matches!(own, Sense::Value(of, _) if of == field))
        {
            own.extend(values.iter().filter(|value| !own.contains(value)).cloned().collect::<Vec<_>>());
            return;
        }
        if !senses.contains(&sense) {
            senses.push(sense);
        }
    }

    fn add_plain(&mut self, field: Dimension, values: &[String]) {
        for value in values {
            self.add(value, Sense::Value(field, vec![value.clone()]));
        }
    }

    fn add_categories(&mut self, paths: &[String]) {
        // Every part of every path, by the path down to it.
        let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in paths {
            let mut down = String::new();
            for part in path.split('/') {
                down = if down.is_empty() { part.to_owned() } else { format!("{down}/{part}") };
                parts.entry(folded(part)).or_default().insert(down.clone());
            }
        }
        let one = |word: &str| singular(word).unwrap_or_else(|| word.to_owned());
        let of = |words: &str| -> BTreeSet<String> {
            let known = |name: &str| words.split('|').any(|word| word == name || one(word) == one(name));
            parts.iter().filter(|(name, _)| known(name)).flat_map(|(_, paths)| paths.clone()).collect()
        };
        for words in GOODS {
            let found = outermost(of(words));
            if !found.is_empty() {
                words.split('|').for_each(|word| self.add(word, Sense::Value(Dimension::Category, found.clone())));
            }
        }
        for (words, members) in FAMILIES {
            let lines =
                GOODS.iter().filter(|line| members.iter().any(|member| line.split('|').any(|word| word == *member)));
            let found = outermost(lines.flat_map(|line| of(line)).collect());
            if !found.is_empty() {
                words.split('|').for_each(|word| self.add(word, Sense::Value(Dimension::Category, found.clone())));
            }
        }
        for (name, paths) in parts {
            if !self
                .senses
                .get(&name)
                .is_some_and(|own| own.iter().any(|sense| matches!(sense, Sense::Value(Dimension::Category, _))))
            {
                self.add(&name, Sense::Value(Dimension::Category, outermost(paths)));
            }
        }
        for path in paths {
            self.add(path, Sense::Value(Dimension::Category, vec![path.clone()]));
        }
    }

    fn add_brands(&mut self, brands: &[String]) {
        for brand in brands {
            let value = Sense::Value(Dimension::Brand, vec![brand.clone()]);
            self.add(brand, value.clone());
            let own = folded(brand);
            // `Apple 苹果`, `Apple/苹果`.
            let parts: Vec<&str> =
                own.split(['/', ' ', '（', '(', ')', '）']).filter(|part| !part.is_empty()).collect();
            let scripts: BTreeSet<bool> = parts.iter().map(|part| part.chars().any(is_han)).collect();
            if scripts.len() == 2 {
                parts.iter().for_each(|part| self.add(part, value.clone()));
            }
            for maker in MAKERS.iter().filter(|maker| maker.all().any(|name| name == own || parts.contains(&name))) {
                maker.names.iter().for_each(|name| self.add(name, value.clone()));
            }
        }
    }

    /// Values that data often have, with what people call them; others by their own names.
    fn add_concepts(&mut self, field: Dimension, concepts: &[&str], values: &[String]) {
        for value in values {
            let sense = Sense::Value(field, vec![value.clone()]);
            self.add(value, sense.clone());
            let own = value.to_lowercase();
            let concept = concepts.iter().find(|words| words.split('|').any(|word| word == own));
            concept.into_iter().flat_map(|words| words.split('|')).for_each(|word| {
                self.add(&word.replace('_', " "), sense.clone());
            });
        }
    }

    fn add_places(&mut self, field: Dimension, values: &[String]) {
        for value in values {
            let sense = Sense::Value(field, vec![value.clone()]);
            let own = folded(value);
            let short = own.trim_end_matches(['市', '省']).to_owned();
            self.add(&own, sense.clone());
            self.add(&short, sense);
            let latin = READINGS.iter().find(|(zh, _)| *zh == short).map(|(_, en)| (*en).to_owned());
            let latin = latin.or_else(|| sound(&short)).unwrap_or_else(|| short.clone());
            self.places.insert(letters(&latin), (field, value.clone()));
        }
    }

    /// What a word means here.
    pub(super) fn senses(&self, word: &str) -> Option<Vec<Sense>> {
        if let Some(found) = self.senses.get(word) {
            return Some(found.clone());
        }
        let last = word.rsplit(' ').next().unwrap_or(word);
        if last.is_ascii() {
            let base = last.strip_suffix("'s").map(str::to_owned).or_else(|| singular(last));
            if let Some(base) = base
                && let Some(found) = self.senses.get(&format!("{}{base}", &word[..word.len() - last.len()]))
            {
                return Some(found.clone());
            }
        }
        self.place(word)
    }

    /// A place written in the other script.
    fn place(&self, word: &str) -> Option<Vec<Sense>> {
        let n = word.chars().count();
        let heard = if word.chars().all(is_han) && (2..=4).contains(&n) {
            let short = word.trim_end_matches(['市', '省']);
            let known = READINGS.iter().find(|(zh, _)| *zh == short).map(|(_, en)| (*en).to_owned());
            known.or_else(|| sound(short))?
        } else if word.is_ascii() && n >= 4 {
            word.to_owned()
        } else {
            return None;
        };
        let (field, value) = self.places.get(&letters(&heard))?;
        Some(vec![Sense::Value(*field, vec![value.clone()])])
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The one known word that a Latin word is a slip of.
    pub(super) fn slip_of(&self, word: &str) -> Option<String> {
        let n = word.chars().count();
        let most = distance::allowed(n);
        if most == 0 || !word.chars().all(|c| c.is_ascii_alphabetic()) {
            return None;
        }
        let near = |own: &&String| {
            own.len().abs_diff(n) <= most
                && (own.as_bytes().first() == word.as_bytes().first() || n >= 6)
                && distance::allowed(own.len()) > 0
        };
        let mut found: Vec<(usize, &String)> = Vec::new();
        for own in self.latin.iter().filter(near) {
            found.extend(distance::slips(word, own, most).map(|slips| (slips, own)));
        }
        found.sort();
        match found.as_slice() {
            [] => None,
            [(_, only)] => Some((*only).clone()),
            [(one, first), (two, _), ..] => (one < two).then(|| (*first).clone()),
        }
    }

    /// The name of the shop that sounds as these characters do.
    pub(super) fn sounds_like(&self, text: &str) -> Option<&String> {
        self.sounds.get(&sound(text)?)
    }

    /// Products whose names hold a text.
    pub(super) fn n_products(&self, text: &str) -> usize {
        self.products.iter().filter(|name| holds(name, text)).count()
    }
}

/// Whether a name holds a text from the beginning of a word to the end of one.
fn holds(name: &str, text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    name.match_indices(text).any(|(at, _)| {
        let before = name[..at].chars().next_back().is_some_and(is_word) && text.starts_with(is_word);
        let after = name[at + text.len()..].chars().next().is_some_and(is_word) && text.ends_with(is_word);
        !before && !after
    })
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| if c == 'ü' { 'u' } else { c }).collect()
}

/// Without what lies within another of them.
fn outermost(paths: BTreeSet<String>) -> Vec<String> {
    let within = |path: &String| paths.iter().any(|other| path.starts_with(&format!("{other}/")));
    paths.iter().filter(|path| !within(path)).cloned().collect()
}
