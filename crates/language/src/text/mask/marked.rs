//! What is personal because a word in front says so: order numbers, accounts, serial numbers, names; and number plates.

use super::{PersonalKind as Kind, Spot};

/// What stands after a word.
enum Form {
    /// Letters, digits, hyphens and underscores: at least this many, digits among them at least that many.
    Code {
        min: usize,
        max: usize,
        n_digits: usize,
    },
    Name,
}

const ORDER: Form = Form::Code { min: 6, max: 40, n_digits: 4 };
const DEVICE: Form = Form::Code { min: 14, max: 17, n_digits: 14 };
const SERIAL: Form = Form::Code { min: 6, max: 24, n_digits: 1 };
const WECHAT: Form = Form::Code { min: 6, max: 20, n_digits: 0 };
const QQ: Form = Form::Code { min: 5, max: 12, n_digits: 5 };
const PHONE: Form = Form::Code { min: 7, max: 14, n_digits: 7 };

/// Words, in lower case; longer ones before those they begin with.
const WORDS: &[(&str, Form, Kind)] = &[
    ("订单编号", ORDER, Kind::Order),
    ("订单号", ORDER, Kind::Order),
    ("订单", ORDER, Kind::Order),
    ("运单号", ORDER, Kind::Order),
    ("快递单号", ORDER, Kind::Order),
    ("物流单号", ORDER, Kind::Order),
    ("单号", ORDER, Kind::Order),
    ("order number", ORDER, Kind::Order),
    ("order no", ORDER, Kind::Order),
    ("order id", ORDER, Kind::Order),
    ("order", ORDER, Kind::Order),
    ("tracking number", ORDER, Kind::Order),
    ("imei", DEVICE, Kind::Imei),
    ("串号", DEVICE, Kind::Imei),
    ("序列号", SERIAL, Kind::Serial),
    ("serial number", SERIAL, Kind::Serial),
    ("serial no", SERIAL, Kind::Serial),
    ("s/n", SERIAL, Kind::Serial),
    ("sn码", SERIAL, Kind::Serial),
    ("sn:", SERIAL, Kind::Serial),
    ("微信号", WECHAT, Kind::Wechat),
    ("微信", WECHAT, Kind::Wechat),
    ("威信", WECHAT, Kind::Wechat),
    ("薇信", WECHAT, Kind::Wechat),
    ("wechat", WECHAT, Kind::Wechat),
    ("weixin", WECHAT, Kind::Wechat),
    ("vx", WECHAT, Kind::Wechat),
    ("qq号", QQ, Kind::Qq),
    ("qq", QQ, Kind::Qq),
    ("扣扣", QQ, Kind::Qq),
    ("联系电话", PHONE, Kind::Phone),
    ("电话", PHONE, Kind::Phone),
    ("座机", PHONE, Kind::Phone),
    ("手机号", PHONE, Kind::Phone),
    ("phone number", PHONE, Kind::Phone),
    ("call me at", PHONE, Kind::Phone),
    ("my number is", PHONE, Kind::Phone),
    ("收件人姓名", Form::Name, Kind::Name),
    ("收件人", Form::Name, Kind::Name),
    ("收货人", Form::Name, Kind::Name),
    ("联系人", Form::Name, Kind::Name),
    ("姓名", Form::Name, Kind::Name),
    ("我叫", Form::Name, Kind::Name),
    ("本人叫", Form::Name, Kind::Name),
    ("my name is", Form::Name, Kind::Name),
    ("recipient", Form::Name, Kind::Name),
    ("ship to", Form::Name, Kind::Name),
];

pub(super) fn find(text: &str, spots: &mut Vec<Spot>) {
    // Of one length, so that places in it are places in the text.
    let lower = text.to_ascii_lowercase();
    let mut at = 0;
    while let Some(character) = lower[at..].chars().next() {
        let word = WORDS
            .iter()
            .find(|(word, ..)| lower.as_bytes()[at..].starts_with(word.as_bytes()) && begins(&lower, at, word));
        at = match word {
            Some((word, form, kind)) => {
                let from = after_sign(&lower, at + word.len());
                let end = match form {
                    Form::Code { min, max, n_digits } => code(text, from, *min, *max, *n_digits),
                    // 联系人方便 is no name: a sign is wanted, but after a verb.
                    Form::Name if from > at + word.len() || word.ends_with(['叫', 's', 'o']) => name(text, from),
                    Form::Name => None,
                };
                spots.extend(end.map(|end| (from..end, *kind)));
                end.unwrap_or(at + word.len())
            }
            None => {
                spots.extend(plate(text, at, character));
                at + character.len_utf8()
            }
        };
    }
}

fn begins(lower: &str, at: usize, word: &str) -> bool {
    !word.starts_with(|first: char| first.is_ascii_alphabetic())
        || !lower[..at].ends_with(|last: char| last.is_ascii_alphanumeric())
}

/// Past what may stand between a word and its value.
fn after_sign(lower: &str, from: usize) -> usize {
    let mut rest = &lower[from..];
    for _ in 0..3 {
        rest = rest.trim_start_matches([' ', ':', '#', '=', '.']);
        for word in ["号码", "是", "为", "号", "叫", "id", "no.", "is ", "number"] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        if rest.len() == lower.len() - from {
            break;
        }
    }
    lower.len() - rest.len()
}

fn code(text: &str, from: usize, min: usize, max: usize, n_digits: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[from..];
    let n = bytes
        .iter()
        .take(max + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .count();
    let digits = bytes[..n].iter().filter(|byte| byte.is_ascii_digit()).count();
    // A plain word after 微信 is no account (微信 Windows), and a model after 订单 no order.
    let like_a_word = digits == 0 && !bytes[..n].contains(&b'_') || (n_digits >= 4 && digits * 2 < n);
    (n >= min && n <= max && digits >= n_digits && !like_a_word).then_some(from + n)
}

/// The commonest family names.
const FAMILY: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵";

/// What comes after a name.
const AFTER_NAME: &[&str] = &[
    "电话", "手机", "地址", "联系", "先生", "女士", "的", "是", "在", "住", "收", "身份", "我", "你", "想", "买", "订",
];

/// Two or three ideographs after a family name, or capitalised words.
fn name(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let first = rest.chars().next()?;
    if FAMILY.contains(first) {
        let mut end = from + first.len_utf8();
        for character in rest.chars().skip(1).take(2) {
            if !crate::text::lexicon::is_ideograph(character)
                || AFTER_NAME.iter().any(|word| text[end..].starts_with(word))
            {
                break;
            }
            end += character.len_utf8();
        }
        return (end > from + first.len_utf8()).then_some(end);
    }
    let mut end = None;
    let mut at = from;
    for _ in 0..3 {
        let n = text.as_bytes()[at..].iter().take(24).take_while(|byte| byte.is_ascii_alphabetic()).count();
        if n < 2 || !text.as_bytes()[at].is_ascii_uppercase() || !text.as_bytes()[at + 1].is_ascii_lowercase() {
            break;
        }
        end = Some(at + n);
        at += n + 1;
        if text.as_bytes().get(at - 1) != Some(&b' ') || at >= text.len() {
            break;
        }
    }
    end
}

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Also words that stand before names of products (新RTX, 黑S24): a point is wanted in the plate.
const ALSO_WORDS: &str = "新云黑贵青宁川桂";

/// `粤B·12345`, `京AD12345`.
fn plate(text: &str, at: usize, first: char) -> Option<Spot> {
    if !PROVINCES.contains(first) {
        return None;
    }
    let from = at + first.len_utf8();
    let bytes = text.as_bytes();
    if !bytes.get(from)?.is_ascii_uppercase() {
        return None;
    }
    let rest = &text[from + 1..];
    let mark = rest.chars().next().filter(|mark| matches!(mark, '·' | '•' | '.' | ' '));
    let start = from + 1 + mark.map_or(0, char::len_utf8);
    let n = bytes[start..].iter().take(7).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
    let digits = bytes[start..start + n].iter().filter(|byte| byte.is_ascii_digit()).count();
    let green =
        n == 6 && digits >= 5 && (matches!(bytes[start], b'D' | b'F') || matches!(bytes[start + 5], b'D' | b'F'));
    let blue = n == 5 && digits >= 3;
    let ended = !text[start + n..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
    let sure = !ALSO_WORDS.contains(first) || matches!(mark, Some('·' | '•'));
    ((green || blue) && ended && sure).then_some((at..start + n, Kind::Plate))
}
