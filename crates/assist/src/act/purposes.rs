//! What things are bought for (`打游戏`, "for travelling"), and which of their figures tell how well they serve it. A sheet that names the
//! purpose decides; without that, figures put things in order, and it is said that they did. No test and no opinion of ours stands behind it.

use domain::Product;

use super::attributes::{fold, of_key, specs_for};
use super::compare::size;
use crate::turn::Lang;

/// What something is bought for.
#[derive(Debug)]
pub struct Purpose {
    pub zh: &'static str,
    pub en: &'static str,
    /// Words of customers, folded.
    words: &'static [&'static str],
    /// What the attribute `use` says of a thing that is made for it, folded.
    stated: &'static [&'static str],
    /// Attributes that matter to it, the first the most, and whether more of each is better.
    figures: &'static [(&'static str, bool)],
}

impl PartialEq for Purpose {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

static PURPOSES: &[Purpose] = &[
    Purpose {
        zh: "打游戏",
        en: "gaming",
        words: &[
            "打游戏",
            "玩游戏",
            "电竞",
            "吃鸡",
            "玩原神",
            "打王者",
            "游戏本",
            "for games",
            "gaming",
            "play games",
            "playing games",
        ],
        stated: &["gaming", "game", "games", "游戏", "电竞"],
        figures: &[("refresh", true), ("memory", true), ("cores", true), ("storage", true)],
    },
    Purpose {
        zh: "设计和剪辑",
        en: "design and editing",
        words: &[
            "做设计",
            "搞设计",
            "设计用",
            "做图",
            "修图",
            "剪辑",
            "剪视频",
            "渲染",
            "建模",
            "跑模型",
            "for design",
            "designer",
            "design work",
            "video editing",
            "photo editing",
            "edit videos",
            "edit photos",
            "rendering",
        ],
        stated: &["design", "creator", "creation", "设计", "创作", "设计师"],
        figures: &[("memory", true), ("cores", true), ("storage", true)],
    },
    Purpose {
        zh: "办公",
        en: "office work",
        words: &[
            "办公",
            "上班用",
            "商务",
            "写文档",
            "做表格",
            "for the office",
            "for office",
            "office work",
            "for work",
            "for business",
        ],
        stated: &["office", "business", "办公", "商务"],
        figures: &[("weight", false), ("battery", true), ("memory", true)],
    },
    Purpose {
        zh: "学习",
        en: "studying",
        words: &[
            "学习用",
            "上学",
            "网课",
            "学生用",
            "大学生",
            "适合学生",
            "给学生",
            "for students",
            "for a student",
            "for school",
            "for college",
            "for university",
            "for studying",
            "for study",
        ],
        stated: &["student", "students", "study", "学生", "学习"],
        figures: &[],
    },
    Purpose {
        zh: "拍照",
        en: "taking photos",
        words: &[
            "拍照好",
            "拍照用",
            "拍照手机",
            "拍照效果",
            "适合拍照",
            "自拍",
            "喜欢拍照",
            "拍照清晰",
            "拍照清楚",
            "good camera",
            "great camera",
            "for photos",
            "for photography",
            "taking photos",
            "take photos",
            "selfie",
        ],
        stated: &["photo", "photography", "拍照", "摄影"],
        figures: &[("camera", true)],
    },
    Purpose {
        zh: "出差和旅行",
        en: "travelling",
        words: &[
            "出差",
            "旅行",
            "旅游",
            "通勤",
            "随身携带",
            "便携",
            "方便携带",
            "for travel",
            "travelling",
            "traveling",
            "commut",
            "portable",
            "to carry around",
        ],
        stated: &["travel", "旅行", "出差", "便携"],
        figures: &[("weight", false), ("battery_life", true), ("battery", true)],
    },
    Purpose {
        zh: "看剧和看电影",
        en: "watching films",
        words: &[
            "看电影",
            "追剧",
            "看剧",
            "看视频",
            "刷剧",
            "watch films",
            "watching films",
            "watch movies",
            "for movies",
            "watching movies",
            "for films",
        ],
        stated: &["film", "movies", "影音", "观影"],
        figures: &[("screen", true), ("refresh", true)],
    },
    Purpose {
        zh: "运动",
        en: "sport",
        words: &[
            "跑步",
            "运动用",
            "健身",
            "运动时",
            "适合运动",
            "for running",
            "for sport",
            "for the gym",
            "for workouts",
            "working out",
            "go running",
        ],
        stated: &["sport", "sports", "running", "运动"],
        figures: &[("battery_life", true), ("weight", false)],
    },
];

/// The purpose that words name.
pub fn of(text: &str) -> Option<&'static Purpose> {
    let folded = fold(text);
    PURPOSES.iter().find(|purpose| purpose.words.iter().any(|word| folded.contains(word)))
}

impl Purpose {
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.choose(self.zh, self.en)
    }

    /// The specification that says that a product is made for it.
    pub fn stated_by<'p>(&self, product: &'p Product) -> Option<(&'p str, &'p str)> {
        let is_it = |value: &str| {
            let folded = fold(value);
            folded.split([',', ';', '/', '、', '，']).any(|part| self.stated.contains(&part.trim()))
        };
        specs_for(product, "use").into_iter().find(|(_, value)| is_it(value))
    }

    /// Those of its figures that at least half of some products state, the first the most.
    pub fn told_by<'a>(&self, products: impl Iterator<Item = &'a Product> + Clone) -> Vec<(&'static str, bool)> {
        let n = products.clone().count();
        // What answers for another attribute of its family (the battery for how long it lasts) is told once, as itself.
        let states = |product: &Product, name: &str| {
            let specs = specs_for(product, name);
            let first = specs.first().filter(|(key, _)| of_key(key).is_some_and(|own| own.name == name));
            first.is_some_and(|(_, value)| size(value).is_some())
        };
        let n_stating = |name: &str| products.clone().filter(|product| states(product, name)).count();
        self.figures.iter().copied().filter(|(name, _)| n > 0 && 2 * n_stating(name) >= n).collect()
    }

    /// What a product states of its figures: key and value.
    pub fn figures_of<'p>(&self, product: &'p Product) -> Vec<(&'p str, &'p str)> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        for one in self.figures.iter().filter_map(|(name, _)| specs_for(product, name).into_iter().next()) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }
}

/// How much of an attribute a product states, in the unit of its dimension.
pub fn figure(product: &Product, name: &str) -> Option<f64> {
    specs_for(product, name).first().and_then(|(_, value)| size(value)).map(|(size, _)| size)
}

/// Where each product stands among them by several figures: the mean over the figures of the part of products that are better in it, 0 the
/// best; the first figure weighs 1, the second a half, the third a third. What states no figure is behind all that do.
pub fn places(products: &[&Product], figures: &[(&'static str, bool)]) -> Vec<f64> {
    let n = products.len().max(2) as f64 - 1.0;
    let mut places = vec![0.0; products.len()];
    let sum: f64 = (1..=figures.len()).map(|rank| 1.0 / rank as f64).sum();
    for (rank, &(name, is_more)) in (1..).zip(figures) {
        let own: Vec<f64> = products
            .iter()
            .map(|product| {
                figure(product, name).map_or(f64::NEG_INFINITY, |value| if is_more { value } else { -value })
            })
            .collect();
        // A category may have thousands of products: each finds its place among them sorted.
        let mut sorted = own.clone();
        sorted.sort_by(f64::total_cmp);
        for (place, value) in places.iter_mut().zip(&own) {
            let n_better = sorted.len() - sorted.partition_point(|other| other <= value);
            *place += n_better as f64 / n / f64::from(rank) / sum;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(specs: &[(&str, &str)]) -> Product {
        let specs = specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Product { specs, ..Product::default() }
    }

    #[test]
    fn words_name_a_purpose() {
        for (text, wanted) in [
            ("哪款笔记本适合打游戏", Some("gaming")),
            ("Which notebook is good for gaming?", Some("gaming")),
            ("有没有掌上游戏机", None),
            ("出差用什么笔记本好", Some("travelling")),
            ("拍照好的手机", Some("taking photos")),
            ("手机多少钱", None),
        ] {
            assert_eq!(of(text).map(|purpose| purpose.en), wanted, "{text}");
        }
    }

    #[test]
    fn the_best_in_all_figures_comes_first() {
        let all = [
            product(&[("memory", "16 GB"), ("refresh_rate", "60 Hz")]),
            product(&[("memory", "32 GB"), ("refresh_rate", "144 Hz"), ("use", "gaming")]),
            product(&[("memory", "8 GB")]),
        ];
        let gaming = of("gaming").unwrap();
        let told = gaming.told_by(all.iter());
        assert_eq!(told, [("refresh", true), ("memory", true)], "cores and storage are stated by none");
        let products: Vec<&Product> = all.iter().collect();
        // Refresh: 1 of 2, 0, 2 of 2 better; memory: 1, 0, 2 of 2.
        let told = places(&products, &told);
        assert!(told.iter().zip([0.5, 0.0, 1.0]).all(|(own, wanted)| (own - wanted).abs() < 1e-12), "{told:?}");
        assert_eq!(gaming.stated_by(&all[1]), Some(("use", "gaming")));
        assert_eq!(gaming.stated_by(&all[0]), None);
    }
}
