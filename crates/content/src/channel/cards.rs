//! The list of all channels, one card each. Command line, API, console and tests read it. Limits are those that the platforms
//! publish, or tighter where what is shown is cut earlier.

use super::{Channel, Count, FieldCard, Format, Part};
use crate::brief::Lang;

const BOTH: &[Lang] = &[Lang::Zh, Lang::En];

const fn line(name: &'static str, max: usize, count: Count, part: Part) -> FieldCard {
    FieldCard { name, max, count, format: Format::Line, is_required: false, part }
}

const fn text(name: &'static str, max: usize, part: Part) -> FieldCard {
    FieldCard { name, max, count: Count::Chars, format: Format::Text, is_required: true, part }
}

const fn html(name: &'static str, part: Part) -> FieldCard {
    FieldCard { name, max: 60_000, count: Count::Chars, format: Format::Html, is_required: true, part }
}

const fn required(card: FieldCard) -> FieldCard {
    FieldCard { is_required: true, ..card }
}

use Count::{Chars, Sms, Wide2};

static REGISTRY: &[Channel] = &[
    Channel {
        name: "marketplace_title",
        title_zh: "商品标题",
        title_en: "Marketplace title",
        sentence: "The title of a product in a marketplace: brand, model, kind, then specs in the order in which people search.",
        sentence_zh: "商城里的商品标题：品牌、型号、品类，再按顾客搜索的习惯排列规格。",
        fields: &[required(line("title", 60, Wide2, Part::Keywords))],
        languages: BOTH,
        needs_shop: false,
        source: "Taobao and Tmall: 30 Chinese characters, 60 half-width ones.",
    },
    Channel {
        name: "selling_points",
        title_zh: "商品卖点",
        title_en: "Selling points",
        sentence: "Up to five points in one line each, the strongest first.",
        sentence_zh: "最多五条卖点，每条一行，最有力的在前。",
        fields: &[
            required(line("point_1", 80, Wide2, Part::Point(0))),
            line("point_2", 80, Wide2, Part::Point(1)),
            line("point_3", 80, Wide2, Part::Point(2)),
            line("point_4", 80, Wide2, Part::Point(3)),
            line("point_5", 80, Wide2, Part::Point(4)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Ours: a line of a phone's screen, twice.",
    },
    Channel {
        name: "detail_page",
        title_zh: "商品详情页",
        title_en: "Detail page",
        sentence: "Headline, introduction and a page of sections with the table of specs.",
        sentence_zh: "标题、导语，以及分段介绍并附规格表的页面。",
        fields: &[
            required(line("headline", 60, Wide2, Part::Headline)),
            required(line("intro", 300, Wide2, Part::Short)),
            html("html", Part::Page),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Ours.",
    },
    Channel {
        name: "sms",
        title_zh: "短信",
        title_en: "Text message",
        sentence: "One text message with signature and opt-out.",
        sentence_zh: "一条短信，带签名和退订方式。",
        fields: &[required(line("text", 70, Sms, Part::Message))],
        languages: BOTH,
        needs_shop: true,
        source: "3GPP TS 23.038: 70 characters in UCS-2, 160 in the default alphabet; signature and opt-out as China's carriers ask.",
    },
    Channel {
        name: "push",
        title_zh: "App 推送",
        title_en: "App push",
        sentence: "A notification: title and body.",
        sentence_zh: "一条通知：标题和正文。",
        fields: &[required(line("title", 40, Wide2, Part::Headline)), required(line("body", 100, Wide2, Part::Short))],
        languages: BOTH,
        needs_shop: false,
        source: "Huawei and Xiaomi push: 40 and 100 half-width characters are shown before the text is cut.",
    },
    Channel {
        name: "email",
        title_zh: "邮件",
        title_en: "E-mail",
        sentence: "Subject, preheader, HTML and plain text.",
        sentence_zh: "主题、预览文字、HTML 正文和纯文本。",
        fields: &[
            required(line("subject", 60, Wide2, Part::Headline)),
            required(line("preheader", 100, Wide2, Part::Subline)),
            html("html", Part::Mail),
            text("text", 6000, Part::Body),
        ],
        languages: BOTH,
        needs_shop: true,
        source: "Ours: what phones show of subject and preheader.",
    },
    Channel {
        name: "wechat_article",
        title_zh: "公众号文章",
        title_en: "WeChat article",
        sentence: "Title, digest and the article's HTML.",
        sentence_zh: "标题、摘要和文章的 HTML。",
        fields: &[
            required(line("title", 64, Chars, Part::Headline)),
            required(line("digest", 120, Chars, Part::Short)),
            html("html", Part::Page),
        ],
        languages: BOTH,
        needs_shop: true,
        source: "WeChat official accounts: title 64, digest 120 characters.",
    },
    Channel {
        name: "moments",
        title_zh: "朋友圈",
        title_en: "WeChat Moments",
        sentence: "A short post, labelled as an advertisement.",
        sentence_zh: "一条短动态，标明是广告。",
        fields: &[text("text", 100, Part::Short), required(line("label", 8, Chars, Part::Label))],
        languages: BOTH,
        needs_shop: false,
        source: "Moments fold a post after some 100 characters; label: PRC Advertising Law, article 14.",
    },
    Channel {
        name: "xiaohongshu",
        title_zh: "小红书",
        title_en: "Xiaohongshu",
        sentence: "A note: title, text and topics, labelled as an advertisement.",
        sentence_zh: "一篇笔记：标题、正文和话题，标明是广告。",
        fields: &[
            required(line("title", 40, Wide2, Part::Headline)),
            text("text", 1000, Part::Body),
            required(line("tags", 120, Chars, Part::Tags)),
            required(line("label", 8, Chars, Part::Label)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Xiaohongshu: title 20 Chinese characters, text 1,000, 10 topics.",
    },
    Channel {
        name: "douyin",
        title_zh: "抖音短视频脚本",
        title_en: "Short-video script",
        sentence: "What is said in a video of 30 seconds: hook, three scenes, close; and the caption.",
        sentence_zh: "三十秒视频里说的话：开场、三个画面、结尾，以及视频描述。",
        fields: &[
            required(line("hook", 60, Wide2, Part::Headline)),
            line("scene_1", 120, Wide2, Part::Scene(0)),
            line("scene_2", 120, Wide2, Part::Scene(1)),
            line("scene_3", 120, Wide2, Part::Scene(2)),
            required(line("close", 100, Wide2, Part::Action)),
            required(line("caption", 110, Wide2, Part::Subline)),
            required(line("label", 8, Chars, Part::Label)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Ours: some four Chinese characters a second are spoken; Douyin shows 55 characters of a caption.",
    },
    Channel {
        name: "live",
        title_zh: "直播话术",
        title_en: "Live-stream talking points",
        sentence: "What a host says: opening, three points, price, a question to those who watch, close.",
        sentence_zh: "主播的话术：开场、三个卖点、价格、给观众的提问和结尾。",
        fields: &[
            required(line("opening", 160, Wide2, Part::Headline)),
            line("point_1", 160, Wide2, Part::Scene(0)),
            line("point_2", 160, Wide2, Part::Scene(1)),
            line("point_3", 160, Wide2, Part::Scene(2)),
            line("price", 200, Wide2, Part::Price),
            required(line("question", 120, Wide2, Part::Question)),
            required(line("close", 160, Wide2, Part::Action)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Ours: a breath or two each.",
    },
    Channel {
        name: "search_ad",
        title_zh: "搜索广告",
        title_en: "Search ad",
        sentence: "Three headlines and two descriptions that can be shown in any order.",
        sentence_zh: "三条标题和两条描述，可以任意组合展示。",
        fields: &[
            required(line("headline_1", 30, Wide2, Part::Keywords)),
            line("headline_2", 30, Wide2, Part::Point(0)),
            line("headline_3", 30, Wide2, Part::Point(1)),
            required(line("description_1", 90, Wide2, Part::Short)),
            required(line("description_2", 90, Wide2, Part::Action)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Google Ads responsive search ads: 30 and 90, full-width characters count double.",
    },
    Channel {
        name: "store_page",
        title_zh: "英文店铺页",
        title_en: "English store page",
        sentence: "Title, five bullets and a description for a store abroad.",
        sentence_zh: "面向海外店铺的标题、五条卖点和描述。",
        fields: &[
            required(line("title", 150, Chars, Part::Keywords)),
            line("bullet_1", 200, Chars, Part::Point(0)),
            line("bullet_2", 200, Chars, Part::Point(1)),
            line("bullet_3", 200, Chars, Part::Point(2)),
            line("bullet_4", 200, Chars, Part::Point(3)),
            line("bullet_5", 200, Chars, Part::Point(4)),
            text("description", 1500, Part::Body),
        ],
        languages: &[Lang::En],
        needs_shop: false,
        source: "Tighter than Amazon's title of 200, bullets of 250 and description of 2,000 characters.",
    },
    Channel {
        name: "social",
        title_zh: "社交媒体帖子",
        title_en: "Social post",
        sentence: "One post with topics, labelled as an advertisement.",
        sentence_zh: "一条带话题的帖子，标明是广告。",
        fields: &[
            FieldCard { count: Wide2, ..text("text", 240, Part::Short) },
            required(line("tags", 60, Chars, Part::Tags)),
            required(line("label", 8, Chars, Part::Label)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "X and Weibo: 280 half-width characters, 140 full-width ones, less the topics.",
    },
    Channel {
        name: "poster",
        title_zh: "海报与横幅",
        title_en: "Poster and banner",
        sentence: "The words of a poster or banner; `poster` sets them.",
        sentence_zh: "海报或横幅上的文字，版面另行编排。",
        fields: &[
            required(line("headline", 36, Wide2, Part::Headline)),
            line("subline", 60, Wide2, Part::Subline),
            line("point_1", 40, Wide2, Part::Point(0)),
            line("point_2", 40, Wide2, Part::Point(1)),
            line("point_3", 40, Wide2, Part::Point(2)),
            line("price", 60, Wide2, Part::Price),
            required(line("label", 8, Chars, Part::Label)),
        ],
        languages: BOTH,
        needs_shop: false,
        source: "Ours.",
    },
];

/// Every channel, in the order in which lists show them.
pub fn registry() -> &'static [Channel] {
    REGISTRY
}

/// The channel whose card has this name.
pub fn channel(name: &str) -> Option<&'static Channel> {
    registry().iter().find(|channel| channel.name == name)
}
