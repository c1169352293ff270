//! The card of `sasrec`.

use domain::{Card, Kind, Param};

pub static CARD: Card = Card {
    name: "sasrec",
    sentence: "Reads a customer's recent items in their order with a self-attention network and predicts the next one.",
    family: "session",
    params: &[
        Param {
            name: "dim",
            sentence: "Length of the items' vectors; a multiple of n_heads.",
            unit: "",
            kind: Kind::Int { min: 1, max: 512, default: 64 },
        },
        Param {
            name: "n_layers",
            sentence: "Layers of attention.",
            unit: "layers",
            kind: Kind::Int { min: 1, max: 8, default: 2 },
        },
        Param {
            name: "n_heads",
            sentence: "Heads of attention; divides dim.",
            unit: "heads",
            kind: Kind::Int { min: 1, max: 64, default: 2 },
        },
        Param {
            name: "widening",
            sentence: "Columns within the feed-forward layers, as so many times dim.",
            unit: "times",
            kind: Kind::Int { min: 1, max: 16, default: 4 },
        },
        Param {
            name: "max_length",
            sentence: "Only so many of the newest items of a history are read.",
            unit: "items",
            kind: Kind::Int { min: 1, max: 1000, default: 50 },
        },
        Param {
            name: "dropout",
            sentence: "The part of the values that learning leaves out at random; more for small data.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 0.95, default: 0.5 },
        },
        Param {
            name: "n_epochs",
            sentence: "Passes over the histories at most; learning ends sooner once held-out items are found no better.",
            unit: "epochs",
            kind: Kind::Int { min: 1, max: 10_000, default: 60 },
        },
        Param {
            name: "patience",
            sentence: "Learning ends after so many epochs without a better NDCG@10 on held-out items; 0: never.",
            unit: "epochs",
            kind: Kind::Int { min: 0, max: 10_000, default: 5 },
        },
        Param {
            name: "valid_share",
            sentence: "The part of the customers whose newest item is held out to see when to end; 0 holds out nothing.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.1 },
        },
        Param {
            name: "batch",
            sentence: "Histories learned from at a time.",
            unit: "customers",
            kind: Kind::Int { min: 1, max: 100_000, default: 128 },
        },
        Param {
            name: "learning_rate",
            sentence: "The size of Adam's steps.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1.0, default: 0.001 },
        },
        Param {
            name: "weight_decay",
            sentence: "The part of each value, times the learning rate, that a step takes away.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 0.0 },
        },
        Param {
            name: "averaging",
            sentence: "What is kept is a running mean of what was learned over about so many epochs; 0: the last step alone.",
            unit: "epochs",
            kind: Kind::Float { min: 0.0, max: 1000.0, default: 2.0 },
        },
        Param {
            name: "score",
            sentence: "Items are scored by the product of their vectors with the network's answer, or by the cosine.",
            unit: "",
            kind: Kind::Choice { options: &["product", "cosine"], default: "product" },
        },
        Param {
            name: "temperature",
            sentence: "By what cosines are divided before the softmax: the smaller, the more only the nearest items matter.",
            unit: "",
            kind: Kind::Float { min: 1e-3, max: 10.0, default: 0.07 },
        },
        Param {
            name: "smoothing",
            sentence: "The part of each target that is spread evenly over all items.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 0.9, default: 0.0 },
        },
        Param {
            name: "loss",
            sentence: "Tell the next item from all others (full) or from a sample (sampled); auto: full up to twice n_negatives items.",
            unit: "",
            kind: Kind::Choice { options: &["auto", "full", "sampled"], default: "auto" },
        },
        Param {
            name: "n_negatives",
            sentence: "Items drawn evenly for each batch when the loss is sampled, besides the batch's own next items.",
            unit: "items",
            kind: Kind::Int { min: 1, max: 10_000_000, default: 2048 },
        },
        Param {
            name: "precision",
            sentence: "How factors of products are rounded while learning: bf16 is faster where the processor has it.",
            unit: "",
            kind: Kind::Choice { options: &["f32", "bf16"], default: "bf16" },
        },
    ],
    input: "(n_users, n_items) interactions, one row per user; times give their order; weights are not used",
    source: "Kang, McAuley 2018, Self-attentive sequential recommendation; Klenitskiy, Vasilev 2023, Turning dross into \
             gold loss (softmax over all items); Jean et al. 2015, eq. 11 (sampled softmax)",
};
