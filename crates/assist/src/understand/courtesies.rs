//! What people put before and after what they want, `hi`, `请问`, `thx`, `😂`, taken off before a message is read by the model: to a
//! model of words a greeting before a question is a greeting. A message that is nothing but courtesy stays as it is.

use super::heard::{is_han, joins};

/// Before what is wanted; `,` between them, in folded form, marks as spaces. One Han character alone stands apart.
const BEFORE: &str = "你好,您好,你们好,哈喽,哈咯,哈啰,嗨,嘿,喂,在吗,在不在,在么,在不,有人吗,有人在吗,早上好,早安,下午好,晚上好,中午好,打扰一下,打扰了,打扰下,请问一下,请问下,请问,咨询一下,咨询下,\
    麻烦问一下,麻烦问下,想问一下,想问下,问一下,问下,亲,亲亲,客服,小二,店家,老板,掌柜,那个,就是,话说,对了,哎,唉,诶,欸,呃,嗯,嗯嗯,哦,啊,急,急急,急急急,急急急急,加急,好的,好吧,哈哈,哈哈哈,呵呵,拜托,救命,求助,那啥,问个事,\
    hello,hi,hey,heya,hiya,howdy,yo,hi there,hello there,hey there,good morning,good afternoon,good evening,morning,dear,\
    please,pls,plz,excuse me,sorry,sorry to bother you,quick question,question,um,umm,uh,uhm,er,erm,hm,hmm,well,so,ok,okay,\
    ok so,right,alright,oh,ah,btw,by the way,team,guys,folks,sir,madam,urgent,yo,hii,hiii,quick q,help,anyone,listen,look,actually,basically";
/// After it.
const AFTER: &str = "谢谢,谢谢啦,谢谢了,谢谢你,谢谢您,谢了,谢啦,多谢,感谢,感恩,辛苦了,辛苦,麻烦了,麻烦啦,拜托,拜托了,急,急急,急急急,急急急急,在线等,亲,呢亲,哦亲,啊亲,啊,啊啊,啊啊啊,呀,哈,哈哈,哈哈哈,呵呵,嘻嘻,\
    唉,哎,呜呜,呜呜呜,求回复,求解答,求助,老板,店家,客服,哭,捂脸,微笑,笑哭,流泪,抱拳,玫瑰,\
    thanks,thank you,thx,thnx,ty,tysm,tnx,cheers,many thanks,thanks a lot,thank you very much,thanks in advance,please,pls,plz,\
    asap,urgent,lol,lmao,haha,hehe,mate,bro,dude,guys,ok,okay,ta,ugh,please help,pls help,help please,please respond,please reply,plz respond";

/// Courtesies of one message that are looked for.
const N_MAX: usize = 8;
/// What must be left: so many words of letters, or Han characters.
const WORDS_MIN: usize = 2;
const HAN_MIN: usize = 3;

/// A masked text without courtesies at its ends.
pub(super) fn without(text: &str) -> &str {
    std::iter::successors(Some(text), |rest| shorter(rest)).take(N_MAX + 1).last().unwrap_or(text)
}

fn shorter(text: &str) -> Option<&str> {
    without_one(text).filter(|rest| says_enough(rest))
}

fn without_one(text: &str) -> Option<&str> {
    let after = |word: &str| {
        let rest = text.strip_prefix(word)?;
        let is_apart = is_apart(word, rest.chars().next()) && !joins(text, word.len());
        is_apart.then(|| rest.trim_start())
    };
    let before = |word: &str| {
        let rest = text.strip_suffix(word)?;
        let is_apart = is_apart(word, rest.chars().next_back()) && !joins(text, rest.len());
        is_apart.then(|| rest.trim_end())
    };
    let picture = text.trim_end_matches(is_picture).trim_end();
    let all = BEFORE.split(',').filter_map(after).chain(AFTER.split(',').filter_map(before));
    all.chain([picture]).filter(|rest| rest.len() < text.len()).min_by_key(|rest| rest.len())
}

/// Whether a word is one where such a character is its neighbour: `亲` before a space, not that of `亲子`.
fn is_apart(word: &str, neighbour: Option<char>) -> bool {
    let is_single = word.chars().count() == 1;
    !is_single || neighbour.is_none_or(|neighbour| !is_han(neighbour))
}

/// Emoji and other signs that are no letters.
fn is_picture(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

fn says_enough(text: &str) -> bool {
    let n_han = text.chars().filter(|character| is_han(*character)).count();
    let n_words = text.split(' ').filter(|word| word.starts_with(|c: char| c.is_ascii_alphanumeric())).count();
    n_han >= HAN_MIN || n_words >= WORDS_MIN || n_han > 0 && n_words > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_left() {
        for (text, wanted) in [
            ("hi there where is my parcel thx", "where is my parcel"),
            ("umm ok so how much is it pls", "how much is it"),
            ("你好 请问一下怎么退货谢谢", "怎么退货"),
            ("亲 在吗 㐀多少钱 😂", "㐀多少钱"),
            // Nothing but courtesy, and words that only begin as one.
            ("hello", "hello"),
            ("hi there", "hi there"),
            ("thank you", "thank you"),
            ("你好", "你好"),
            ("谢谢你 辛苦了", "谢谢你"),
            ("亲子手表推荐", "亲子手表推荐"),
            ("history of my orders", "history of my orders"),
            ("so", "so"),
            ("", ""),
        ] {
            assert_eq!(without(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_long_row_of_courtesies_is_not_looked_through() {
        assert_eq!(without(&format!("{}how much", "hi ".repeat(N_MAX))), "how much");
        assert_eq!(without(&format!("{}how much", "hi ".repeat(N_MAX + 2000))).len(), 3 * 2000 + "how much".len());
    }
}
