//! Intents that need no model: those that a few words leave no doubt about, answers to what was asked, and messages that only
//! name another thing and take up what was asked before (`那个黑色的呢`, `and the 16-inch one?`).

use std::ops::Range;
use std::sync::LazyLock;

use language::text::Normalised;
use regex::Regex;

use super::heard::pattern;
use super::intents::{Family, Intent};
use super::{Entity, Named, Reference, entities};
use crate::state::{Asked, Dialogue};

/// A message and what was found in it.
pub(super) struct Said<'a> {
    pub text: &'a str,
    pub folded: &'a Normalised<'a>,
    pub entities: &'a [Entity],
    /// With bytes of the folded text.
    pub references: &'a [(Range<usize>, Reference)],
}

/// Characters of a message that may be a few words alone.
const SHORT: usize = 40;

/// An intent and how sure it is, where a rule knows it.
pub(super) fn intent(said: &Said, dialogue: &Dialogue) -> Option<(&'static str, f32)> {
    let folded = said.folded.text();
    if asks_when_people_answer(folded) {
        return Some(("store_info", 0.95));
    }
    match asks_for_person(folded) {
        Some(true) => return Some(("human", 1.0)),
        // Wanting no person is no wish of its own.
        Some(false) if folded.chars().count() <= SHORT => return Some(("small_talk", 0.6)),
        _ if is_in_danger(folded) => return Some(("human", 1.0)),
        _ => {}
    }
    answer(said, dialogue)
        .or_else(|| returns_it(folded).then_some(("return_request", 0.9)))
        .or_else(|| returns_thing(said))
        .or_else(|| asks_for_money(folded).then_some(("refund_status", 0.95)))
        .or_else(|| asks_for_parcel(folded).then_some(("delivery", 0.9)))
        .or_else(|| asks_what_was_paid(folded).then_some(("order_status", 0.9)))
        .or_else(|| alone(said, dialogue))
}

/// Whether somebody says that they want no person.
pub(super) fn declines_person(folded: &str) -> bool {
    asks_for_person(folded) == Some(false)
}

/// `人工客服几点上班`, "when can I talk to a person?": the hours are asked for, and nobody is called.
fn asks_when_people_answer(folded: &str) -> bool {
    static WHEN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:人工|客服|真人)[^,，。?？!！]{0,6}(?:几点|什么时候|啥时候|何时|上班|下班|工作时间|服务时间|在线时间)|(?:几点|什么时候|啥时候|何时)[^,，。?？!！]{0,8}(?:人工|客服|真人)|\b(?:when|what time|what hours)\b[^?.!]{0,30}\b(?:human|person|agent|someone|somebody|people|support|staff|customer service)\b",
        )
    });
    WHEN.is_match(folded)
}

/// `充电宝多少钱买的`, "what did I pay for the case?", "when did I order it?": an order tells it, and no page of today.
fn asks_what_was_paid(folded: &str) -> bool {
    static PAID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:多少钱|几块钱|几多钱|什么价)(?:买|拿|入手|下单)(?:的|了|来)|(?:买|拿|入手)[^,，。?？]{0,14}花了(?:我)?(?:多少|几)|花了我?(?:多少钱|几块)|我?(?:实付|付)了?多少|\b(?:what|how much) (?:did|have|had) i (?:pay|paid|spen[dt])\b|\b(?:what|how much) (?:did|was) (?:it|that|the|my) ?(?:[a-z0-9'-]+ ){0,4}?cost me\b|\bwhen did i (?:buy|order|purchase|get)\b|(?:什么时候|啥时候|哪天|几号|几月)(?:买|下单|订|拍)的",
        )
    });
    PAID.is_match(folded)
}

/// "I sent it back, where's my money?", `东西退了钱怎么还没到`: the money of a return is waited for.
fn asks_for_money(folded: &str) -> bool {
    static MONEY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bwhere ?(?:is|'s|s)? my (?:money|refund)\b|(?:退款|退的钱|退货的钱)(?:怎么|咋|为什么|为啥)?(?:还没|还不|没到|呢)|退了[^,，。?？!！]{0,8}钱(?:怎么|咋|呢|还没|没)",
        )
    });
    MONEY.is_match(folded)
}

/// "Did my phone show up?", "where r my things?", `前几天买的那手机到哪了`: a parcel is asked for, whatever it holds.
fn asks_for_parcel(folded: &str) -> bool {
    static PARCEL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[^说聊讲谈看写做学])(?:走到|送到|寄到|运到|到)哪(?:儿|里)?(?:了|啦)|(?:买|订|拍|下单?)的(?:那|这)?(?:个|台|部|块|只|双|件|条|张|副)?[^,，。?？!！]{0,12}(?:发货?了|到货?了|寄了|送了)(?:没|吗|么|不)|\bwhen(?: is| are| will| does| do| s|'s|'ll) my (?:[a-z0-9'-]+ ){1,4}(?:being sent|be sent|sent|ship\w*|arriv\w*|come|coming|get here|getting here|going out|go out|leav\w+|delivered|dispatched|be here|due)\b|\b(?:did|has|have) my (?:[a-z0-9'-]+ ){1,4}(?:shown? up|turn(?:ed)? up|arrived?|come|came|got here|get here|been delivered|been sent|shipped)\b|\bwhere(?: is| are| r|s|'s|re|'re) my (?:[a-z0-9'-]+ ?){1,4}[?.!]*(?:$|,| i ordered| ordered| i bought|from )",
        )
    });
    PARCEL.is_match(folded)
}

/// `那就退吧 帮我弄下`: what was talked about goes back.
fn returns_it(folded: &str) -> bool {
    static IT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?:那|好|行|嗯|算了)?[，, ]?(?:那)?(?:就|帮我|给我)?退(?:了|掉)?吧(?:$|[，,。!！ ])")
    });
    IT.is_match(folded)
}

/// A thing of the shop that somebody wants to give back: `退键盘`, `手机和壳都退`. How that is done is asked of the rules.
fn returns_thing(said: &Said) -> Option<(&'static str, f32)> {
    static RETURNS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[^后早衰减倒撤包])退(?:$|[^款钱差出税休步订押保役烧费])"));
    static WAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:怎么|咋|如何|怎样|在哪)(?:样|才能|能|去)?退"));
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"[吗么嘛?？]|能不能|可不可以|可以退|能退|可退|几天|多久|不退|规则|政策|条件|运费|邮费")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:want|wanna|like|need|gonna|going) ?(?:to )?(?:return|(?:send|give|bring|take) (?:[a-z0-9'-]+ ){1,6}back)\b",
        )
    });
    static MONEY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:want|like|need|gimme|give me) (?:all )?(?:my|a|the) (?:money back|refund) (?:for|on)\b|\bwant my money\b|\brefund (?:me )?(?:for )?(?:the|this|that|my)\b",
        )
    });
    static SEND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[,.;!] ?)(?:(?:hmm|ok|okay|pls|please|just|so|well|and|then) )*(?:(?:send|give|take) (?:[a-z0-9'-]+ ){0,6}back|return (?:it|this|that|them))\b|\b(?:do|start|begin|open) (?:the|a|that|my) return\b|\breturning (?:it|them|this|that|these|those|the|my)\b",
        )
    });
    let folded = said.folded.text();
    let has_thing =
        said.entities.iter().any(|entity| matches!(entity.what, Named::Category { .. } | Named::Product { .. }));
    let asks_back = EN.is_match(folded) || MONEY.is_match(folded) || SEND.is_match(folded);
    const IT: &[&str] =
        &["return it", "return them", "return this", "send it back", "send them back", "give it back", "the return"];
    let names_it = has_thing || MONEY.is_match(folded) || IT.iter().any(|it| folded.contains(it));
    if names_it && folded.chars().count() <= 3 * SHORT && asks_back && !folded.contains('?') {
        return Some(("return_request", 0.9));
    }
    // `降价了 差价退我`: money is wanted back, and no thing is given.
    let is_of_price = ["差价", "降价", "价保", "保价", "补差", "便宜了"].iter().any(|word| folded.contains(word));
    // `耳机有杂音，戴着头疼，想退`: however much is told before.
    let is_said = ["想退", "要退", "申请退", "给我退", "退掉", "退了它"].iter().any(|word| folded.contains(word));
    let is_short = folded.chars().count() <= if is_said { 2 * SHORT } else { SHORT };
    let is_wish = has_thing && !is_of_price && is_short && RETURNS.is_match(folded);
    if !is_wish {
        return None;
    }
    if WAY.is_match(folded) {
        return Some(("return_policy", 0.9));
    }
    let wish = folded.split([' ', ',', '，', '。']).find(|clause| RETURNS.is_match(clause))?;
    (!ASKS.is_match(wish)).then_some(("return_request", 0.9))
}

/// Whether somebody wants a person, by words that nobody says otherwise; or says that they want none.
fn asks_for_person(folded: &str) -> Option<bool> {
    static PERSON: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"转(?:接)?(?:到|给)?(?:一下)?(?:个)?(?:人工|真人|客服)|(?:接|找|要|换|叫)(?:一下|个)?(?:人工|真人)|人工(?:客服|服务|坐席|座席)|^(?:请|帮我)?[转要]?人工(?:吧|呢|啊|谢谢)?[。！!？?～~ ]*$|(?:跟|和|与|找)(?:个|你们)?(?:真人|活人|人工|客服)(?:客服)?(?:聊|说|谈|讲|沟通|讲讲)|(?:找|叫|换|来|给我找)个?(?:活人|真人|人)(?:吧|来|聊|说|跟我|帮我|处理|问|$|[。！!～~ ])|[叫让喊找]你们?(?:家)?的?(?:人|经理|主管|领导|老板|负责人)(?:过?来|出来|跟我|和我|接)|\b(?:talk|speak|chat) (?:to|with) (?:someone|somebody)\b|\b(?:talk|speak|chat|connect me|transfer me|put me through|get me)\b.{0,20}\b(?:human|real person|live agent|representative|live person|an agent|a person|operator|manager|supervisor)\b|\b(?:a|an|any|some|real|actual|live) (?:human|real person|person|agent)\b[^?.!]{0,20}\b(?:look at|help|check|handle|call|deal with|take over|reply|answer me|sort)\b|\b(?:need|want|gimme|give me|have|prefer) (?:to have )?(?:a|an|some|an actual|a real) (?:human|real person|person|agent)\b|^(?:real |live )?(?:human|agent|representative|operator)(?: please| pls)?[.! ]*$",
        )
    });
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:不用|不要|不需要|别|无需|不想)(?:再)?(?:帮我)?(?:转|接|找)?(?:接)?(?:人工|真人|客服)|\b(?:don'?t|do not|no need to|no need for|never ?mind)\b.{0,16}\b(?:human|agent|person|transfer)\b",
        )
    });
    if NOT.is_match(folded) {
        return Some(false);
    }
    (PERSON.is_match(folded) && !folded.contains("人工智能")).then_some(true)
}

/// Somebody who may hurt themselves must reach a person.
fn is_in_danger(folded: &str) -> bool {
    static DANGER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"想自杀|想死了?$|不想活|活不下去|\b(?:kill myself|suicidal|end my life|want to die)\b")
    });
    DANGER.is_match(folded)
}

/// What answers the question that the last turn asked.
fn answer(said: &Said, dialogue: &Dialogue) -> Option<(&'static str, f32)> {
    let is_short = said.folded.text().chars().count() <= SHORT;
    let yes = said.entities.iter().find_map(|entity| match entity.what {
        Named::YesNo { yes } => Some(yes),
        _ => None,
    });
    match dialogue.asked.as_ref()? {
        // "Right, want a swap for that dock": what is wanted is another thing.
        Asked::HandOver { .. } if yes == Some(true) && is_short_yes(said.folded.text()) => Some(("human", 1.0)),
        Asked::Rating => {
            let has_stars = said.entities.iter().any(|entity| matches!(entity.what, Named::Rating { .. }));
            (has_stars && is_short).then_some(("rating", 1.0))
        }
        Asked::WhichProduct { intent, .. } => {
            let names = said.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
            ((names || !said.references.is_empty()) && is_bare(said))
                .then(|| known(intent))
                .flatten()
                .map(|it| (it, 1.0))
        }
        Asked::WhichOrder { intent, .. } => {
            let names = said.entities.iter().any(|entity| matches!(entity.what, Named::OrderNumber { .. }));
            ((names || !said.references.is_empty()) && is_bare(said))
                .then(|| known(intent))
                .flatten()
                .map(|it| (it, 1.0))
        }
        _ => None,
    }
}

/// Whether a yes is about all that is said, and leads to no other wish.
pub(super) fn is_short_yes(folded: &str) -> bool {
    const WORDS_MAX: usize = 5;
    const HAN_MAX: usize = 10;
    const OTHERS: &[&str] =
        &["want", "need", "swap", "return", "exchange", "refund", "but", "how", "what", "where", "when", "which"];
    let mut words = folded.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let n_han = folded.chars().filter(|character| super::heard::is_han(*character)).count();
    n_han <= HAN_MAX && words.clone().count() <= WORDS_MAX && !words.any(|word| OTHERS.contains(&word))
}

fn known(intent: &str) -> Option<&'static str> {
    Intent::named(intent).map(|intent| intent.name)
}

/// A message that names things and says nothing about them.
fn alone(said: &Said, dialogue: &Dialogue) -> Option<(&'static str, f32)> {
    if !is_bare(said) {
        return None;
    }
    let has = |is: fn(&Named) -> bool| said.entities.iter().any(|entity| is(&entity.what));
    let last = dialogue.last_intent.as_deref().and_then(Intent::named);
    let of_orders = last.filter(|last| matches!(last.family, Family::Orders | Family::Form));
    if has(|what| matches!(what, Named::OrderNumber { .. })) {
        return Some((of_orders.map_or("order_status", |last| last.name), 0.95));
    }
    let attribute = said.entities.iter().find_map(|entity| match &entity.what {
        Named::Attribute { name } => Some(name.as_str()),
        _ => None,
    });
    let of_products = last.filter(|last| last.family == Family::Product || last.name == "warranty");
    let has_thing = has(|what| matches!(what, Named::Product { .. })) || !said.references.is_empty();
    match attribute {
        Some("price") if has_thing || of_products.is_some() => return Some(("price", 0.9)),
        Some("stock") if has_thing || of_products.is_some() => return Some(("stock", 0.9)),
        Some("warranty") => return Some(("warranty", 0.9)),
        Some(_) if has_thing || of_products.is_some() => {
            let names = has(|what| matches!(what, Named::Product { .. }));
            let keeps = last.filter(|last| last.name == "compare" && !names && !picks_one(said));
            return Some((keeps.map_or("product_fact", |last| last.name), 0.85));
        }
        _ => {}
    }
    let names = has(|what| {
        matches!(
            what,
            Named::Product { .. }
                | Named::Spec { .. }
                | Named::Brand { .. }
                | Named::Category { .. }
                | Named::Money { .. }
        )
    });
    // One of a list is chosen to hear about it, not to have it listed again.
    let chooses = said.references.iter().any(|(_, one)| matches!(one, Reference::Ordinal { .. }));
    match last {
        Some(last) if chooses && matches!(last.name, "find_product" | "recommend") => Some(("product_fact", 0.9)),
        Some(last)
            if (names || !said.references.is_empty())
                && last.family != Family::Talk
                && last.family != Family::Person =>
        {
            Some((last.name, 0.9))
        }
        // The name of a product alone wants to know about it; a wish wants products.
        _ if has(|what| matches!(what, Named::Product { .. })) => Some(("product_fact", 0.7)),
        _ if has(|what| matches!(what, Named::Category { .. } | Named::Brand { .. })) => Some(("find_product", 0.8)),
        _ => None,
    }
}

/// Whether one alone of what was listed is pointed at.
fn picks_one(said: &Said) -> bool {
    let picks = |one: &Reference| match one {
        Reference::Ordinal { .. } | Reference::Other => true,
        Reference::With { attribute, .. } => attribute != "color",
        _ => false,
    };
    said.references.iter().filter(|(_, one)| picks(one)).count() == 1
        && !said.references.iter().any(|(_, one)| matches!(one, Reference::All))
}

/// What is likeliest where the model is not sure: a product and an attribute ask for the one of the other.
pub(super) fn fallback(said: &Said) -> Option<(&'static str, f32)> {
    let has_thing = said.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }))
        || said.references.iter().any(|(_, reference)| matches!(reference, Reference::It | Reference::Ordinal { .. }));
    let attribute = said.entities.iter().find_map(|entity| match &entity.what {
        Named::Attribute { name } => Some(name.as_str()),
        _ => None,
    })?;
    has_thing.then_some(match attribute {
        "price" => ("price", 0.5),
        "stock" => ("stock", 0.5),
        "warranty" => ("warranty", 0.5),
        _ => ("product_fact", 0.5),
    })
}

/// Whether nothing is left of a short message without what it names and words that only lead to it.
fn is_bare(said: &Said) -> bool {
    static FILLERS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"订单编号|订单号码|订单号|订单|单号|那么|那|呢|的|吗|呀|啊|吧|是|我|要|这|个|款|台|换成|如果|还有|然后|和|跟|与|就|选|看|说|指|买|\b(?:and|how about|what about|the|one|is|it's|it|a|an|i|mean|meant|for|of|my|this|that|then|in|with|or|please|order|number|no|id|ok|so|number|version|model)\b",
        )
    });
    let folded = said.folded.text();
    if folded.chars().count() > SHORT * 2 {
        return false;
    }
    let mut left = said.text.to_owned();
    for entity in said.entities.iter().filter(|entity| !matches!(entity.what, Named::Reason { .. })) {
        let blank = " ".repeat(entity.range.len());
        left.replace_range(entity.range.clone(), &blank);
    }
    for (range, _) in said.references {
        let range = said.folded.original(range.clone());
        let blank = " ".repeat(range.len());
        left.replace_range(range, &blank);
    }
    let has_any = left.trim() != said.text.trim();
    let left = super::heard::fold(&left);
    let rest = FILLERS.replace_all(left.text(), " ");
    let is_answer = entities::yes_or_no(folded, false).is_some();
    has_any && !is_answer && !rest.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_are_asked_for_in_many_words() {
        for text in [
            "帮我瞅瞅前几天买的那手机到哪儿了",
            "前几天买的手机到哪了",
            "昨天下的那块电池发了没",
            "did my phone show up",
            "when is my lens being sent",
            "where r my things",
        ] {
            assert!(asks_for_parcel(text), "{text}");
        }
        for text in ["我们刚才说到哪了", "手机在哪买", "when will the next phone come", "你们店在哪"]
        {
            assert!(!asks_for_parcel(text), "{text}");
        }
    }

    #[test]
    fn what_was_paid_is_no_price_of_today() {
        for text in [
            "我的充电宝多少钱买的",
            "上个月买手机花了多少钱",
            "what did i pay for the case",
            "how much did the case cost me",
        ] {
            assert!(asks_what_was_paid(text), "{text}");
        }
        for text in ["充电宝多少钱", "买充电宝要多少钱", "how much does the case cost", "what do i pay for delivery"]
        {
            assert!(!asks_what_was_paid(text), "{text}");
        }
    }

    #[test]
    fn the_hours_of_people_call_nobody() {
        for text in ["人工客服几点上班", "什么时候有人工客服", "when can i talk to a human"] {
            assert!(asks_when_people_answer(text), "{text}");
        }
        for text in ["转人工", "客服呢", "i want to talk to a human", "when will my phone arrive"] {
            assert!(!asks_when_people_answer(text), "{text}");
        }
        assert_eq!(asks_for_person("can a human look at this too plz, i need it for saturday"), Some(true));
        assert_eq!(asks_for_person("is there a person on the box"), None);
    }
}
