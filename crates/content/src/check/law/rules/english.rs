//! English copy: what the US Federal Trade Commission and EU consumer law ask of advertising. Superlatives that are plain
//! puffery are reviewed, not blocked.

use super::super::articles::Article::{
    AdRivals, EuUnfair, UsDeceptive, UsEndorse, UsFormerPrice, UsFree, UsGreen, UsGuarantee, UsHealth, UsReviews,
};
use super::super::rule::Category::{
    Absolute, Disparaging, FakeReview, FalsePrice, Financial, HiddenAd, Medical, Unproven,
};
use super::super::rule::When::{Brand, BrandNext, Clause, Next, NextIn, NumberNext, Prev, Sentence};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

const SOURCED: When = Sentence("according_to source: based_on_a tested_by survey_of study_by as_of_ idc gartner n=");

pub(super) const RULES: &[Rule] = &[
    rule(Absolute, Review, UsDeceptive, "best the_best world's_best best_ever best-in-class best_in_class best_on_the_market")
        .unless(&[
            Next(
                " - _before _practice _practices _regards _wishes _buy _fit _friend _of_luck _results _used _suited _viewed _for_you _case _way_to \
                 _seller _sellers -seller _known",
            ),
            Prev("its_ their_ looking_ at_ works_ work_ fits_ performs_ do_your_ your_ try_our_ at_its_ all_the_ is_ how_"),
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
    .unless(&[Prev("looking_ issue_ chapter_ step_ item_ "), Next("_difference _thing _way _one_in_the_box _cable _exception _color")])
    .lower(&[SOURCED, Prev("almost_ almost- virtually_ nearly_")]),
    rule(Absolute, Note, UsDeceptive, "ultimate perfect leading premium revolutionary lifetime_warranty").unless(&[Next("_for _fit _size")]),
    rule(Unproven, Review, UsGuarantee, "guaranteed guarantee money-back money_back 100%_satisfaction satisfaction_guaranteed")
        .unless(&[Prev("limited_ not_ no_ isn't_ cannot_be_ cannot_ can't_ don't_ ")])
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
        "cures cure treats_ heals prevents_cancer prevents_disease relieves_pain reverses_aging lowers_blood_pressure boosts_immunity boosts_your_immunity \
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
            Prev("- feel_ hands_ wire_ worry_ toll_ bezel_ royalty_ bpa_ lead_ tax_ interest_ hassle_ duty_ ad_ flicker_ noise_ tangle_ stress_ glare_ shipping_is_"),
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
];
