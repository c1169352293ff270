//! English copy: what the US Federal Trade Commission and EU consumer law ask of advertising. Superlatives that are plain
//! puffery are reviewed, not blocked.

use super::super::articles::Article::{
    AdEducation, AdMinors, AdPatent, AdRivals, AdState, ConsumerTerms, EuUnfair, PrizeSales, UsDeceptive, UsEndorse,
    UsFormerPrice, UsFree, UsGreen, UsGuarantee, UsHealth, UsReviews,
};
use super::super::rule::Category::{
    Absolute, Authority, Disparaging, Education, FakeReview, FalsePrice, Financial, HiddenAd, Inducement, Medical,
    Minors, Patent, UnfairTerm, Unproven,
};
use super::super::rule::When::{Brand, BrandNext, Clause, Next, NextIn, NumberNext, Prev, PrevIn, Sentence};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

const SOURCED: When = Sentence("according_to source: based_on_a tested_by survey_of study_by as_of_ idc gartner n=");

/// A superlative within reach: with a scope that no shop can survey it is a claim about all others.
const SUPERLATIVE: When = PrevIn(40, "est_ most_ best_ top_ leading_ first_ only_");
/// What one may be ill with.
const ILLNESS: &str = "_pain_ _pains back_pain joint_pain _ache headache toothache migraine arthritis insomnia tinnitus anxiety depress blood_pressure diabet cancer tumour tumor disease illness infection allerg \
    asthma eczema wound snoring short-sighted myopia blindness virus bacteria the_flu obesity inflammation";
/// Others that sell the same.
const OTHERS: &str =
    "other_brands other_shops other_stores other_sellers everyone_else competitor rivals the_competition";

pub(super) const RULES: &[Rule] = &[
    rule(Absolute, Review, UsDeceptive, "best the_best world's_best best_ever best-in-class best_in_class best_on_the_market")
        .unless(&[
            Next(
                " - _before _practice _practices _regards _wishes _buy _fit _friend _of_luck _results _time_to _time_for _way_for _used _suited _viewed _for_you _case _way_to \
                 _seller _sellers -seller _known",
            ),
            Prev("its_ their_ looking_ at_ works_ work_ fits_ performs_ do_your_ your_ try_our_ at_its_ all_the_ is_ how_ suits_you_ suit_you_ suits_ fits_you_ like_ know_"),
        ])
        .lower(&[SOURCED]),
    rule(
        Absolute,
        Block,
        UsDeceptive,
        "#1 number_one no._1 #_1 world's_first world's_fastest world's_most world's_thinnest world's_smallest world's_lightest the_only the_fastest \
         the_most_powerful the_most_advanced the_safest the_strongest the_thinnest the_lightest unbeatable unrivaled unrivalled unmatched \
         second_to_none the_ultimate perfect_in_every flawless indestructible unbreakable never_fails top-rated top_rated industry-leading \
         industry_leading market-leading world-leading world_leading",
    )
    .unless(&[Prev("looking_ issue_ chapter_ step_ item_ which_is_ which_one_is_ find_ "), Next("_difference _thing _way _one_in_the_box _cable _exception _color _setting _mode _section _chapter _on_the_list _on_this_list _in_the_list _below _above")])
    .lower(&[SOURCED, Prev("almost_ almost- virtually_ nearly_")]),
    rule(Absolute, Note, UsDeceptive, "ultimate perfect leading premium revolutionary lifetime_warranty").unless(&[Next("_for _fit _size")]),
    rule(Unproven, Review, UsGuarantee, "guaranteed guarantee money-back money_back 100%_satisfaction satisfaction_guaranteed")
        .unless(&[Prev("limited_ not_ no_ isn't_ cannot_be_ cannot_ can't_ don't_ "), Next("_card _certificate _booklet _period _slip _delivery_date")])
        .lower(&[Sentence("terms_apply see_terms conditions within_ days limited")]),
    rule(
        Unproven,
        Review,
        UsDeceptive,
        "scientifically_proven clinically_proven proven_to studies_show doctors_recommend doctor_recommended experts_agree 100%_safe 100%_effective \
         completely_safe zero_risk risk-free risk_free works_every_time lasts_forever never_breaks",
    )
    .unless(&[Prev("not_ no_ ")])
    .lower(&[SOURCED]),
    rule(
        Medical,
        Block,
        UsHealth,
        "cures treats_ heals prevents_cancer prevents_disease relieves_pain reverses_aging lowers_blood_pressure boosts_immunity boosts_your_immunity \
         anti-cancer treats_insomnia cures_insomnia improves_eyesight restores_vision detoxifies no_side_effects kills_viruses miracle",
    )
    .unless(&[
        Prev("self- not_ no_ isn't_ cannot_ can't_ uv_ light_ doesn't_ resin_ to_ "),
        Next("_itself d _time _resin me _you_like _customers"),
        Clause("not_intended_to uv resin"),
    ]),
    rule(Financial, Block, UsDeceptive, "guaranteed_returns guaranteed_income get_rich passive_income earn_money_fast double_your_money no-risk_investment"),
    rule(FalsePrice, Review, UsFree, "free for_free free_gift absolutely_free 100%_free totally_free")
        .only(&[
            Sentence("gift bonus buy get with_purchase absolutely today now limited claim offer trial"),
        ])
        .unless(&[
            Prev("- feel_ stay_ stays_ staying_ keep_ keeps_ hands_ wrinkle_ scratch_ bubble_ dust_ lag_ wire_ worry_ toll_ bezel_ royalty_ bpa_ lead_ tax_ interest_ hassle_ duty_ ad_ flicker_ noise_ tangle_ stress_ glare_ shipping_is_"),
            Next("_shipping _delivery _returns _up _from _of _app _software _to_ -standing standing dom -to ly _time _space"),
        ])
        .lower(&[Sentence("terms_apply see_terms with_purchase_of")]),
    rule(FalsePrice, Review, UsFormerPrice, "was_$ was_£ was_€ was: regular_price reg._$ reg_price original_price retail_value compare_at list_price msrp valued_at worth_$")
        .only(&[NumberNext(14)])
        .lower(&[Sentence("lowest_price_of_the_last 30_days 30-day recently")]),
    rule(FalsePrice, Block, UsFormerPrice, "lowest_price lowest_prices best_price best_prices cheapest rock-bottom rock_bottom wholesale_price price_ever unbeatable_price prices_slashed below_cost")
        .unless(&[Prev("not_the_ "), Next("_of_the_last _in_the_last _within"), Clause("30_days sort")]),
    rule(
        FalsePrice,
        Review,
        EuUnfair,
        "today_only only_today last_chance while_supplies_last act_now hurry ends_tonight selling_out_fast never_again once_in_a_lifetime going_out_of_business \
         everything_must_go final_hours only_a_few_left almost_gone",
    )
    .unless(&[Prev("no_ don't_ no_need_to_ in_a_ a_ ")])
    .lower(&[Sentence("ends_on until_ until: through_ from_")]),
    rule(Disparaging, Review, AdRivals, "better_than beats destroys crushes blows_away outperforms puts_to_shame unlike beat").only(&[
        BrandNext(14),
        NextIn(14, "competition competitor competitors rivals other_brands the_rest any_other everyone_else"),
    ]),
    rule(Disparaging, Block, AdRivals, "junk garbage rip-off ripoff scam overpriced trash").only(&[
        Brand(30),
        Sentence("competitor competitors rivals other_brands the_competition"),
    ]),
    rule(HiddenAd, Review, UsEndorse, "not_an_ad not_sponsored this_is_not_an_ad not_a_paid not_paid_to unsponsored").unless(&[Next("apter dress ditional")]),
    rule(
        FakeReview,
        Block,
        UsReviews,
        "5-star_review five-star_review 5_star_review five_star_review positive_review good_review great_review",
    )
    .only(&[Sentence("gift_card refund cash discount free coupon reward in_exchange get_ rebate")]),
    rule(Unproven, Review, UsGreen, "eco-friendly environmentally_friendly carbon_neutral climate_neutral zero_emissions biodegradable chemical-free chemical_free all_natural 100%_natural sustainable green_product non-toxic")
        .lower(&[Sentence("certified epeat energy_star recycled according_to iso_")])
        .unless(&[Prev("not_ ")]),
    rule(Absolute, Block, UsDeceptive, "in_the_world on_the_market on_the_planet of_all_time in_history ever_made ever_built ever_created ever_produced on_earth money_can_buy")
        .only(&[SUPERLATIVE])
        .unless(&[PrevIn(40, "latest_ newest_ test_ request_ rest_ interest_")])
        .lower(&[SOURCED]),
    rule(Absolute, Block, UsDeceptive, "the_world's america's europe's china's the_country's the_industry's the_nation's").only(&[NextIn(
        14, "est_ est- most_ best first_ leading top_ number_one no._1 favourite favorite",
    )])
    .lower(&[SOURCED]),
    rule(
        Absolute,
        Block,
        UsDeceptive,
        "nothing_beats nothing_compares no_competitor_can no_rival_can no_other_brand unparalleled unequalled unequaled peerless incomparable you_will_ever_need \
         you'll_ever_need you_ever_need top_brand leading_brand market_leader no_better second_to_none the_greatest",
    )
    .unless(&[Next("_than_yesterday"), Clause("common_divisor no_better_than")])
    .lower(&[SOURCED]),
    rule(Absolute, Block, UsDeceptive, "nothing_on_the_market_comes_close nothing_else_comes_close nothing_comes_close").lower(&[SOURCED]),
    rule(Unproven, Review, UsDeceptive, "doctors_everywhere swear_by doctors_swear no_radiation zero_radiation totally_safe perfectly_safe 100%_harmless")
        .unless(&[Prev("not_ ")]),
    rule(Medical, Block, UsHealth, "grow_taller gain_height lose_inches"),
    rule(Authority, Review, UsEndorse, "recommended_by_nasa used_by_nasa approved_by_nasa nasa-approved nasa_approved").lower(&[SOURCED]),
    rule(Unproven, Review, UsGreen, "zero_environmental_impact no_environmental_impact good_for_the_planet zero_footprint").lower(&[SOURCED]),
    rule(FalsePrice, Block, UsFormerPrice, "never_pay_less pay_less_anywhere cheaper_anywhere cheaper_nowhere lowe$t"),
    rule(Disparaging, Review, AdRivals, "break_all_the_time breaks_all_the_time always_break always_fail fall_apart falls_apart explode catch_fire")
        .only(&[Brand(30), Sentence(OTHERS)])
        .unless(&[Prev("not_ never_ don't_ doesn't_ ")]),
    rule(Absolute, Review, UsDeceptive, "world-class world_class"),
    // Letters parted or exchanged as nobody writes them who does not hide a word.
    rule(Absolute, Block, UsDeceptive, "b-e-s-t b.e.s.t b_e_s_t b*e*s*t b3st bestest n0.1 n0._1 n0_1 #0ne w0rld's w0rld n_u_m_b_e_r clin1cally cl1nically g_u_a_r_a_n_t_e_e_d g_u_a_r_a_n_t_e_e"),
    rule(
        Authority,
        Block,
        AdState,
        "the_government state_council the_white_house the_president the_prime_minister ministry_of the_ministry the_army the_military the_police the_pentagon",
    )
    .only(&[Clause("recommended recommends endorsed endorses chosen approved approves uses used_by trusted favourite favorite official")])
    .unless(&[Sentence("recall complaint")]),
    rule(Medical, Block, UsHealth, "cure cured reduce reduces reducing relieve relieves relieving prevent prevents protects_you_from protects_against protects_from fights fight eases ease treat \
        reduces_the_risk_of recommend_it_for lower lowers say_goodbye_to goodbye_to")
        .only(&[NextIn(40, ILLNESS)])
        .unless(&[Prev("not_ cannot_ can't_ doesn't_ not_diagnose_or_ not_diagnose,_ not_intended_to_diagnose,_ ")]),
    rule(Medical, Review, UsHealth, "fda_approved fda-approved approved_by_the_fda").unless(&[Prev("not_ ")]).lower(&[SOURCED]),
    rule(Medical, Block, UsHealth, "detox detoxes detoxify burns_fat burn_fat lose_weight weight_loss immune_system boosts_immunity kills_100% kills_99% cancer_caused"),
    rule(Unproven, Review, UsDeceptive, "100%_of_our_customers 100%_of_customers 100%_of_buyers all_our_customers nine_out_of_ten 9_out_of_10 \
        four_out_of_five 4_out_of_5 experts_recommend doctors_agree dentists_recommend")
        .lower(&[SOURCED]),
    rule(Unproven, Review, UsDeceptive, "last_a_lifetime lasts_a_lifetime lasts_for_ever last_forever waterproof_forever never_be_hacked cannot_be_hacked can't_be_hacked \
        unhackable hack-proof every_device_ever every_phone_ever never_wears never_wear_out permanent_protection completely_waterproof 100%_waterproof \
        never_fail never_break 100%_guaranteed"),
    rule(Disparaging, Block, AdRivals, "rubbish cheat cheats lie_to_you lies_to_you fool fools fake fakes stupid worthless")
        .only(&[Brand(30), Sentence(OTHERS)]),
    rule(HiddenAd, Review, UsEndorse, "notsponsored notanad notad not_a_sponsored not_being_paid"),
    rule(
        Inducement,
        Block,
        PrizeSales,
        "you_have_won you've_won you_won_a everyone_wins everybody_wins every_order_wins every_customer_wins claim_your_prize account_will_be_closed \
         account_will_be_suspended handling_fee",
    )
    .unless(&[Clause("no_handling_fee without_a_handling_fee")]),
    rule(Inducement, Review, PrizeSales, "share share_this share_it tag forward").only(&[NextIn(30, "friends people contacts groups")]).all(&[Sentence(
        "free win prize discount cash reward yours",
    )]),
    rule(FalsePrice, Block, UsFormerPrice, "never_be_this_low never_be_lower never_be_so_low never_be_this_cheap wholesale_prices price_doubles prices_double price_will_double"),
    rule(FalsePrice, Review, UsFormerPrice, "originally_$ originally_£ originally_€ originally_¥ formerly_$ formerly_£ formerly_€ before:_$ previously_$")
        .lower(&[Sentence("lowest_price_of_the_last 30_days 30-day recently")]),
    rule(
        UnfairTerm,
        Block,
        ConsumerTerms,
        "no_refunds no_refund_under no_returns_or all_sales_final all_sales_are_final final_interpretation cannot_be_returned can't_be_returned \
         not_be_returned_or waive_all waive_your waive_any not_liable_for_any not_liable_for_defects no_warranty_whatsoever at_our_sole_discretion",
    )
    .unless(&[Sentence("hygiene custom-made made_to_order unsealed software_licence software_license")]),
    rule(FakeReview, Block, UsReviews, "delete_your remove_your take_down_your change_your").only(&[NextIn(16, "review rating comment")]),
    rule(FakeReview, Block, UsReviews, "5_stars five_stars 5-star five-star").all(&[Clause("leave post give write rate")]).only(&[Sentence(
        "free gift cash coupon refund discount reward voucher",
    )]),
    rule(FakeReview, Block, UsReviews, "write_the_reviews_for write_reviews_for buy_reviews sell_reviews reviews_for_sale paid_reviews"),
    rule(Minors, Block, AdMinors, "ask_mum ask_mom ask_dad ask_your_mum ask_your_mom ask_your_parents tell_your_parents beg_your_parents pester_your"),
    rule(Education, Block, AdEducation, "get_into gets_into admission_to a_place_at").only(&[NextIn(20, "harvard oxford cambridge yale stanford mit_ ivy your_dream_school")]),
    rule(Education, Block, AdEducation, "straight_a's straight_as top_marks top_grades").only(&[Sentence("guarantee will promise")]),
    rule(Financial, Block, UsDeceptive, "guaranteed_profit guaranteed_profits sure_profit returns_every_month"),
    rule(Patent, Review, AdPatent, "patent-pending patent_pending patented patents_pending").unless(&[Sentence("patent_no patent_number no. nos. ep_ us_")]),
];
