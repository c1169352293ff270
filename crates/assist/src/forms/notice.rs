//! Why an answer is no value of its field, and how that is said. Figures appear only where evidence has them.

use domain::Day;

use crate::evidence::Evidence;
use crate::turn::Lang;

/// Why an answer is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An order number that is none of the customer's; whether it is somebody else's is not told.
    NotYourOrder(String),
    NoSuchOrder,
    NotInOrder,
    Phone,
    Email,
    TaxLength,
    TaxSigns,
    TaxCheck,
    NoDay,
    /// No number at all, where one is waited for.
    NoPhone,
    DayPast(Day),
    DayToCome(Day),
    DayFar(Day),
    NoCount,
    CountOver(i64),
    Choice,
    NoText,
    TextLong(usize),
    Address,
    Product,
    NoYes,
}

impl Notice {
    /// In the customer's language, a whole sentence.
    pub fn words(&self, lang: Lang) -> String {
        let (zh, en): (String, String) = match self {
            Notice::NotYourOrder(id) => {
                (format!("在您的账户下没有找到订单“{id}”。"), format!("There is no order “{id}” in your account."))
            }
            Notice::NoSuchOrder => fixed("没有看出是哪个订单。", "I could not tell which order you mean."),
            Notice::NotInOrder => {
                fixed("没有看出是订单里的哪件商品。", "I could not tell which item of the order you mean.")
            }
            Notice::Phone => fixed(
                "这个电话号码不完整或格式不对。请填手机号、带区号的座机，或以加号和国家代码开头的国际号码。",
                "That is no complete phone number. Please give a mobile number, or an international one that starts with + and \
                 the country code.",
            ),
            Notice::Email => fixed("这个邮箱地址格式不对。", "That is not a valid e-mail address."),
            Notice::TaxLength => fixed(
                "税号的位数不对：统一社会信用代码为十八位，旧税号为十五位数字。",
                "A tax number has eighteen characters, an old one fifteen digits.",
            ),
            Notice::TaxSigns => fixed(
                "税号里有不该出现的字符：统一社会信用代码只含数字和大写字母，不含 I、O、S、V、Z。",
                "The tax number holds a character that none has: only digits and letters without I, O, S, V and Z.",
            ),
            Notice::TaxCheck => fixed(
                "税号的校验位不对，请核对是否有输错的字符。",
                "The check digit of the tax number does not fit: one of its characters must be mistyped.",
            ),
            Notice::NoPhone => fixed("还需要一个联系电话。", "A telephone number is still needed."),
            Notice::NoDay => fixed("没有看出是哪天。", "I could not tell which day you mean."),
            Notice::DayPast(day) => (format!("{day} 已经过去了。"), format!("{day} is in the past.")),
            Notice::DayToCome(day) => (format!("{day} 还没有到。"), format!("{day} is yet to come.")),
            Notice::DayFar(day) => {
                (format!("{day} 太远了，请确认年份。"), format!("{day} is too far away; is the year right?"))
            }
            Notice::NoCount => fixed("没有看出是几件。", "I could not tell how many you mean."),
            Notice::CountOver(max) => (format!("最多只能填 {max} 件。"), format!("It can be {max} at most.")),
            Notice::Choice => fixed("这不是可选项之一。", "That is none of the choices."),
            Notice::NoText => fixed("请用文字说明一下。", "Please describe it in words."),
            Notice::TextLong(max) => {
                (format!("内容太长了，最多 {max} 个字。"), format!("That is too long; {max} characters at most."))
            }
            Notice::Address => fixed(
                "地址看起来不完整，请写明城市、街道和门牌号。",
                "The address does not look complete; please give city, street and number.",
            ),
            Notice::Product => fixed("没有看出是哪款商品。", "I could not tell which product you mean."),
            Notice::NoYes => fixed("没有听明白是否确认。", "I could not tell whether you confirm."),
        };
        lang.choose(zh, en)
    }

    /// What the figures in the words rest on.
    pub fn evidence(&self) -> Vec<Evidence> {
        let computed = |how: &str, value: String| vec![Evidence::Computed { how: how.into(), value }];
        match self {
            Notice::NotYourOrder(id) => computed("as the customer wrote it", id.clone()),
            Notice::DayPast(day) | Notice::DayToCome(day) | Notice::DayFar(day) => {
                computed("the day that the customer named", day.to_string())
            }
            Notice::CountOver(max) => computed("pieces at most", max.to_string()),
            Notice::TextLong(max) => computed("characters at most", max.to_string()),
            _ => Vec::new(),
        }
    }
}

fn fixed(zh: &str, en: &str) -> (String, String) {
    (zh.to_owned(), en.to_owned())
}
