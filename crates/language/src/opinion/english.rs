//! English words and phrases that praise or blame, beside the short lists of [`words`](super::words): collected by us from
//! how people write about electronics, no list of others. A phrase stands for what its words alone do not say: `no
//! problems` praises, `stopped working` blames.

/// Praise.
pub static PRAISE: &str = "\
a breeze, a joy, a keeper, a pleasure, a steal, a winner, above average, abundant, accessible, adequate, admirable,
adorable, adore, advanced, advantage, advantages, agile, ample, amazed, amazingly, appealing, appreciate, appreciated,
astonishing, astounding, attractive, awesomely, balanced, beast, beat the, beautifully, benefit, benefits, bliss,
blazing, blazingly, blown away, bonus, breathtaking, breeze, brighter, can't beat, cannot beat, can't complain,
cannot complain, capable, carefree, charm, charming, cheerful, classy, clean, cleaner, clearer, comfort, comfortably,
comfy, commendable, compact, compatible, compliment, compliments, confident, conveniently, cooler, cool looking,
courteous, crystal clear, cute, dandy, dazzling, dependable, delighted, delightful, desirable, dream, durability,
ease, ease of use, easier, easiest, easy to, ecstatic, effective, effectively, efficient, efficiently, effortless,
effortlessly, elegant, elegantly, enhanced, enjoyable, enjoying, enjoys, enough power, ergonomic, everything i need,
everything i needed, everything i wanted, everything you need, exactly what, exceeded, exceeds, excellently,
exceptionally, excited, exciting, exquisite, extraordinary, eye-catching, fabulous, fair price, fairly priced, fancy,
fascinating, fast enough, faster, fastest, favorable, favourite, feature-rich, finest, first class, first rate,
flexible, fluid, flying colors, fond, fool proof, free of, friendlier, futuristic, gem, generous, gladly, glad,
glorious, go wrong, good enough, good looking, gratifying, grateful, great deal, greatest, greatly, handy, happier,
happily, happiest, hassle free, hassle-free, heaven, high end, high performance, high quality, highly recommend,
highly recommended, holds up, i like, i'm in love, immaculate, impeccable, impress, impresses, impressively, improved,
improvement, improvements, incredibly fast, innovative, inexpensive, intuitive, intuitively, invaluable, inviting,
it rocks, just right, keeper, knowledgeable, lasts, lasted, light weight, lighter, lightning, liked, likes, like how,
like it, like that it, like the, lively, long lasting, long-lasting, looks good, looks great, love it, lovely, loving,
low price, luxurious, luxury, magnificent, marvelous, masterpiece, mint, more than enough, must have, neat, neatly,
never had a problem, never had any problem, never had any problems, never have to worry, nice looking, nicely, nicer,
nicest, no bugs, no complaint, no complaints, no crashes, no issue, no issues, no lag, no problem, no problems,
no trouble, no viruses, not a problem, not bad, not disappointed, nothing but good, on time, optimal, outperform,
outperforms, outstandingly, perfection, phenomenal, plenty, plenty of, pleasing, pleasantly, pleasure, plug and play,
polished, polite, positive, positively, powerhouse, praise, precise, precisely, premium, prefer, preferred,
pretty good, pros, prompt, promptly, problem free, problem-free, prettier, pretty fast, proud, quality product,
quicker, quietly, quieter, raved, ravishing, reasonably priced, refined, refreshing, reliably, reliability,
remarkable, remarkably, resilient, responsively, revolutionary, robust, rock solid, rocks, roomy, rugged, runs great,
runs well, safer, satisfaction, satisfactory, satisfying, savvy, seamless, seamlessly, secure, sensitive enough, sexy,
sharper, sharpest, shines, shiny, silky, simple, simpler, simplicity, simply works, slick, slim, slimmer, smart,
smoother, snappy, snazzy, so far so good, sophisticated, spacious, spectacular, speedy, splendid, spot on, stable,
stability, stands out, state of the art, stellar, still going strong, streamlined, strong, stronger, stunningly,
sturdier, stylishly, sublime, succeed, success, suitable, suits, superior, superbly, superfast, super fast,
super easy, sweet, swift, swiftly, tactile, tasteful, terrific, thank, thankful, thanks, thinner, thoughtful,
thrilled, thrilling, tidy, top notch, top of the line, top-notch, trouble free, trouble-free, trusted, trustworthy,
unbeatable, unbelievable, unbelievably, unmatched, upgradeable, upgradable, user friendly, user-friendly, valuable,
versatile, very well, vibrant, well built, well designed, well done, well made, well made and, well priced,
well thought, well worth, well-built, well-designed, well-made, whisper, whisper quiet, winner, wonderfully, wonders,
works fine, works flawlessly, works great, works like a charm, works perfectly, works well, worked great, worked well,
worry free, worth every, worth it, worthwhile, worthy, wow, wowed, yay, zippy, can't go wrong, cannot go wrong,
blows away, kudos, hooked, big enough, large enough, couldn't be happier, could not be happier, couldn't ask for,
exceeded my expectations, pleased with, happy with\
";

/// Blame.
pub static BLAME: &str = "\
a joke, a mess, a pain, abysmal, ache, aggravating, aggravated, angry, annoy, annoyance, annoyingly, anemic,
antiquated, appalling, atrocious, avoid, awfully, awkwardly, backward, bad batch, badly, bent, beware, bland,
blackout, bloated, bloatware, blotchy, blow up, blue screen, blur, blurred, bogged, bogus, boring, bothersome,
bothered, bothers, breaking, breaks, brittle, broke down, bsod, bug, bugs, bulkier, bummer, burned, burning, burns,
burnt, can't stand, can't use, cannot use, careless, cheaply, cheaply made, cheesy, choppy, chunky, clumsy, clunky,
clutter, cluttered, complained, complaining, complaints, complicated, concerned, confused, confusing, confusion,
contempt, corrupt, corrupted, costly, could be better, could have been better, could use some, crack, cracked, cracks,
cramped, crappy, crashing, cringe, cripple, crippled, crooked, cumbersome, cursed, cut off, cuts out, damage,
deal breaker, deafening, deceptive, decline, defect, defects, deficient, degraded, delay, delayed, delays, deplorable,
depressing, despise, deteriorate, deteriorated, did not work, didn't work, difficulty, difficulties, dimly, dirty,
disappear, disappeared, disappoint, disappointingly, disappoints, disaster, disastrous, disgrace, disgusted,
disgusting, dislike, disliked, dislikes, dismal, dismayed, displeased, dissatisfied, dissatisfying, distorted,
distortion, distract, distracting, does not work, doesn't last, doesn't work, don't bother, don't buy, do not buy,
downfall, downgrade, downside, downsides, drain, drained, drains, drawback, drawbacks, dread, dreadful, dropped, dud,
dumb, dying, erratic, expensive to, fake, failing, failures, falling apart, falls apart, fell apart, fatal, fault,
faults, faulty, fed up, feels cheap, fiasco, fiddly, finicky, flaky, flaw, flawed, flaws, flicker, flickering,
flickers, flimsier, flop, forced, fragmented, frail, fraud, freaking, freezing, frequently crashes, fried, froze,
frozen, frustrate, frustrates, frustration, fussy, fuzzy, garbage, gets hot, gimmick, gimmicky, glare, glitch,
glitches, gripe, gripes, gross, grumpy, half baked, hanging, hangs, harsh, hassle, hassles, hate it, hates, hating,
haunted, headache, headaches, heavier, heat up, heats up, hideous, hiss, horrendous, horribly, horrid, horror, hotter,
humming, hung up, hurt, hurts, i wish, ignorant, impossible, impractical, imprecise, inability, inaccurate,
inadequate, incompatible, incompetent, incomplete, inconsistent, inconvenience, inconvenient, incorrect, ineffective,
inefficient, infected, infuriating, insufficient, insult, insulting, intermittent, irritate, irritated, irritating,
jam, jammed, jerky, jittery, joke, jumpy, killed, kills, laggish, lagging, lame, last straw, laughable, lemon,
let down, letdown, limitation, limitations, limited, limiting, locked up, locks up, loose, lose, loses, losing, lost,
lousy, low quality, low resolution, malfunction, malfunctioned, malfunctioning, malfunctions, mess, messed up, messy,
misleading, misled, mistake, mistakes, muddy, muffled, murky, nasty, negative, negatives, negligible, nightmares,
no good, no longer works, no match, no sound, no support, noisier, non-existent, nonexistent, nonsense, not enough,
not worth, nothing special, nuisance, obnoxious, obsolete, odd, oddly, offensive, only complaint, only downside,
only drawback, only issue, only problem, outdated, outrageous, overheat, overheated, overheating, overheats, overly,
oversized, over priced, pain, painful, painfully, pathetic, peeling, peeled, pity, pixelated, pointless, poor quality,
poorest, pretentious, pricey, problematic, questionable, quit working, quits, racket, rattle, rattles, refurb, refuse,
refused, refuses, regretted, restarts, reject, rejected, ridiculous, ridiculously, rip off, rip-off, ripped off,
rubbish, ruin, ruined, runs hot, rust, sad, sadly, scam, scratch, scratches, screwed, send it back, sent back,
sent it back, sent it in, shaky, shame, shoddy, short life, short lived, shortcoming, shortcomings, shut down,
shuts down, shuts off, silly, skips, sloppy, slow down, slowed, slower, slowest, slowing, slows, slow as, sluggish,
smudge, smudges, spotty, staticky, stay away, steer clear, sticky, sticks, stopped working, stops working, struggle,
struggles, struggling, stuck, stuck with, stupid, sub par, subpar, substandard, suck, sucked, suffer, suffers,
tedious, temperamental, terribly, throttle, throttles, too big, too expensive, too heavy, too hot, too large,
too loud, too slow, too small, too high, too low, too thick, too weak, torn, torture, touchy, tricky, troubles,
troublesome, ugly, unable, unable to, unacceptably, unattractive, unbearable, uncomfortably, uncontrollable,
underpowered, underwhelmed, underwhelming, undesirable, unfinished, unfit, unfortunate, unfriendly, unhappy,
uninstall, unimpressed, unimpressive, unintuitive, unjust, unknown error, unlucky, unnecessary, unpleasant,
unprofessional, unreadable, unrecognized, unsafe, unsatisfactory, unsatisfied, unstable, unsupported, untrustworthy,
unusable, unusably, unwanted, unwieldy, upset, upsetting, useless for, vibrates, vibration, virus, viruses,
vulnerable, warped, washed out, washed-out, waste of, wasted, wasting, weaker, weakness, weird, wiggle, wiggles,
wimpy, wish it, wish the, wobble, wobbles, wobbly, wonky, wont work, won't work, worn, worried, worry, worsened,
worthless, wouldn't work, wrong, would not turn on, won't turn on, yellowish, yuck, terrible at, never again,
nowhere near, had to return, had to send, had to call, had to replace, hard to, impossible to, difficult to,
leaves much to be, not very well, lacks in, should have been, too bad, ran out, doesn't hold, does not hold\
";

/// Turns what follows into its opposite, beside the common words.
pub static NEGATIONS: &str = "\
ain't, aren't, couldn't, hadn't, hasn't, haven't, shouldn't, weren't, wouldn't, dont, doesnt, didnt, isnt, wasnt,
wont, cant, could not, do not, does not, did not, is not, was not, are not, will not, would not, has not, have not,
nobody, nowhere, lack of, instead of, rather than, far from, anything but, no longer, rarely, scarcely, seldom, zero,
less, fewer\
";

/// After these another thing is said than before.
pub static TURNS: &str = "\
whereas, while, even though, aside from, apart from, other than, on the other hand, nevertheless, nonetheless,
despite, in spite of, otherwise\
";

/// The words and phrases of a list.
pub fn of(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[test]
    fn no_phrase_praises_and_blames() {
        let both: Vec<_> =
            of(PRAISE).filter(|word| of(BLAME).any(|other| other == *word) || words::NEGATIVE.contains(word)).collect();
        assert_eq!(both, Vec::<&str>::new());
        let both: Vec<_> = of(BLAME).filter(|word| words::POSITIVE.contains(word)).collect();
        assert_eq!(both, Vec::<&str>::new());
        for word in [PRAISE, BLAME, NEGATIONS, TURNS].into_iter().flat_map(of) {
            assert!(!word.is_empty() && word == word.to_lowercase() && !word.contains('\n'), "{word:?}");
        }
    }
}
