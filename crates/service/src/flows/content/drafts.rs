//! Drafts: copies that people read, change, send to review, approve or reject. Every version is checked on the server, whoever
//! sends it; what is blocked cannot be approved, and nobody approves what they wrote or changed unless the shop says otherwise. Kept in the shop's state, so they survive and are backed up.

use std::collections::{BTreeMap, BTreeSet};

use content::channel::{Channel, channel};
use content::check::report::Report;
use content::check::{Verdict, copy, markup};
use content::write::{Draft, Field};
use data::state::drafts::{DraftQuery, StoredDraft};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::asked::WriteAsked;
use super::batch::{self, BatchAsked, BatchReport, Room};
use super::look::unknown_channel;
use super::translate::Translated;
use super::write::{Prepared, verdict_name};
use super::{TEXT_CHARS_MAX, Voiced};
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::Progress;
use crate::random;
use crate::store::Store;

/// What a draft may be.
pub const STATES: [&str; 4] = ["draft", "review", "approved", "rejected"];
/// Drafts of one shop.
pub const DRAFTS_MAX: u64 = 500_000;
/// Steps of one draft that are remembered, and texts before an edit.
const HISTORY_MAX: usize = 200;
const BEFORE_MAX: usize = 20;
const NOTE_CHARS_MAX: usize = 500;
const TITLE_CHARS: usize = 60;
/// Drafts of a run that are stored in one step.
const WAITING_MAX: usize = 64;
const EVIDENCE_MAX: usize = 500;
const SPANS_MAX: usize = 5_000;

/// A draft in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DraftRow {
    pub draft_id: String,
    pub product_id: String,
    pub product_name: String,
    pub channel: String,
    pub language: String,
    pub goal: String,
    pub angle: String,
    /// draft, review, approved or rejected.
    pub state: String,
    /// ok, needs_review or blocked, of the last check.
    pub verdict: String,
    /// The beginning of the first field.
    pub title: String,
    /// UTC milliseconds.
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// A draft with everything.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftDetail {
    pub row: DraftRow,
    pub brief: WriteAsked,
    #[schema(value_type = Object)]
    pub draft: Draft,
    /// By field, of the last check.
    #[schema(value_type = Object)]
    pub report: BTreeMap<String, Report>,
    /// The oldest first.
    pub history: Vec<DraftStep>,
    /// Names of the keys by which it was written and changed; the empty one for the console's password.
    pub authors: BTreeSet<String>,
    /// The draft that it is a translation of.
    pub translated_from: Option<String>,
}

/// What became of a draft.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DraftStep {
    /// UTC milliseconds.
    pub at: i64,
    /// created, translated, edited, submitted, approved, rejected or reopened.
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The name of the key; absent for the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The version that it made.
    pub version: i64,
    /// The texts that an edit changed, as they were before; of the last edits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, String>,
}

/// How many drafts there are of each state.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct DraftCounts {
    pub draft: u64,
    pub review: u64,
    pub approved: u64,
    pub rejected: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftPage {
    pub total: u64,
    pub counts: DraftCounts,
    pub items: Vec<DraftRow>,
}

/// All that is stored beside the row.
#[derive(Serialize, Deserialize)]
struct Body {
    brief: WriteAsked,
    draft: Draft,
    report: BTreeMap<String, Report>,
    history: Vec<DraftStep>,
    #[serde(default)]
    authors: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    translated_from: Option<String>,
}

/// Steps by which somebody becomes an author.
const WRITES: [&str; 3] = ["created", "translated", "edited"];

fn authors_of(history: &[DraftStep]) -> impl Iterator<Item = String> {
    history.iter().filter(|step| WRITES.contains(&step.what.as_str())).map(|step| step.by.clone().unwrap_or_default())
}

/// Who changes a draft, when, and what they say to it.
#[derive(Clone, Debug, Default)]
pub struct By {
    pub at: i64,
    pub name: Option<String>,
    pub note: Option<String>,
}

impl By {
    /// # Errors
    /// If the note is too long.
    pub fn new(at: i64, name: Option<String>, note: Option<String>) -> Result<By> {
        let n_chars = note.as_ref().map_or(0, |note| note.chars().count());
        if n_chars > NOTE_CHARS_MAX {
            let message = format!("the note has {n_chars} characters; allowed: at most {NOTE_CHARS_MAX}");
            return Err(ServiceError::usage("note", message));
        }
        Ok(By { at, name, note: note.filter(|note| !note.trim().is_empty()) })
    }

    fn step(&self, what: &str, version: i64) -> DraftStep {
        let (note, by) = (self.note.clone(), self.name.clone());
        DraftStep { at: self.at, what: what.to_owned(), note, by, version, before: BTreeMap::new() }
    }
}

/// Checks a draft from outside and stores it.
///
/// # Errors
/// If it does not fit its channel, or there are too many drafts.
pub fn create(
    store: &Store,
    brief: WriteAsked,
    draft: Draft,
    prepared: &Prepared,
    voiced: &Voiced,
    by: &By,
) -> Result<DraftDetail> {
    if store.n_drafts()? >= DRAFTS_MAX {
        return Err(too_many());
    }
    let id = format!("cd_{}", random::token(9)?);
    let detail = made(id, brief, draft, |draft| prepared.reports(draft, voiced), prepared, by)?;
    store.add_drafts(vec![stored(&detail, "")?])?;
    Ok(detail)
}

/// Stores the translation of a draft as a draft of its own.
///
/// # Errors
/// If there are too many drafts.
pub fn keep_translation(
    store: &Store,
    of: &str,
    translated: Translated,
    prepared: &Prepared,
    by: &By,
) -> Result<DraftDetail> {
    if store.n_drafts()? >= DRAFTS_MAX {
        return Err(too_many());
    }
    let Translated { brief, draft, report, .. } = translated;
    let mut detail = made(format!("cd_{}", random::token(9)?), brief, draft, |_| Ok(report), prepared, by)?;
    detail.history[0].what = "translated".to_owned();
    detail.translated_from = Some(of.to_owned());
    store.add_drafts(vec![stored(&detail, "")?])?;
    Ok(detail)
}

/// A new draft, checked by `check`, not stored yet.
pub(super) fn made(
    draft_id: String,
    brief: WriteAsked,
    mut draft: Draft,
    check: impl FnOnce(&Draft) -> Result<BTreeMap<String, Report>>,
    prepared: &Prepared,
    by: &By,
) -> Result<DraftDetail> {
    believed(&mut draft, prepared)?;
    let report = check(&draft)?;
    let hero = prepared.brief.hero();
    let row = DraftRow {
        draft_id,
        product_id: hero.product_id.clone(),
        product_name: prepared.plan.name.clone(),
        channel: draft.channel.clone(),
        language: prepared.brief.lang.code().to_owned(),
        goal: prepared.brief.goal.name().to_owned(),
        angle: draft.angle.name().to_owned(),
        state: "draft".to_owned(),
        verdict: verdict_name(copy::verdict(report.values())).to_owned(),
        title: title(&draft),
        created_at: by.at,
        updated_at: by.at,
        version: 1,
    };
    let history = vec![by.step("created", 1)];
    Ok(DraftDetail {
        authors: authors_of(&history).collect(),
        row,
        brief,
        draft,
        report,
        history,
        translated_from: None,
    })
}

/// Takes away from a draft from outside what its channel or its product does not bear out.
///
/// # Errors
/// If it is no draft of its channel.
pub fn believed(draft: &mut Draft, prepared: &Prepared) -> Result<()> {
    fits_channel(draft, prepared.channel)?;
    prepared.keep_true(draft);
    Ok(())
}

fn title(draft: &Draft) -> String {
    let text = draft.fields.first().map(markup::Words::of_field).unwrap_or_default();
    let line = text.trim().lines().next().unwrap_or_default();
    let clipped: String = line.chars().take(TITLE_CHARS).collect();
    if line.chars().count() > TITLE_CHARS { format!("{clipped}…") } else { clipped }
}

pub(super) fn stored(detail: &DraftDetail, batch: &str) -> Result<StoredDraft> {
    let DraftDetail { row, brief, draft, report, history, authors, translated_from } = detail;
    let body = Body {
        brief: brief.clone(),
        draft: draft.clone(),
        report: report.clone(),
        history: history.clone(),
        authors: authors.clone(),
        translated_from: translated_from.clone(),
    };
    Ok(StoredDraft {
        id: row.draft_id.clone(),
        product_id: row.product_id.clone(),
        channel: row.channel.clone(),
        state: row.state.clone(),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        batch: batch.to_owned(),
        words: format!("{} {} {}", row.product_id, row.product_name, row.title).to_lowercase(),
        row: serde_json::to_string(row)?,
        body: serde_json::to_string(&body)?,
    })
}

pub(super) fn read(stored: &StoredDraft) -> Result<DraftDetail> {
    let Body { brief, draft, report, history, mut authors, translated_from } = serde_json::from_str(&stored.body)?;
    // Drafts of before authors were kept tell them by their steps.
    authors.extend(authors_of(&history));
    Ok(DraftDetail { row: serde_json::from_str(&stored.row)?, brief, draft, report, history, authors, translated_from })
}

/// # Errors
/// If there is no such draft.
pub fn get(store: &Store, id: &str) -> Result<DraftDetail> {
    read(&store.draft(id)?.ok_or_else(|| ServiceError::not_found("draft", id))?)
}

/// # Errors
/// If there is no such draft.
pub fn delete(store: &Store, id: &str) -> Result<()> {
    if store.delete_draft(id)? { Ok(()) } else { Err(ServiceError::not_found("draft", id)) }
}

/// Which drafts are asked for; `all` is every state.
///
/// # Errors
/// If a state or a channel is none.
pub fn query(
    state: Option<&str>,
    product: Option<String>,
    channel: Option<String>,
    words: Option<&str>,
) -> Result<DraftQuery> {
    let state = match state.unwrap_or("all") {
        "all" => None,
        state if STATES.contains(&state) => Some(state.to_owned()),
        other => {
            let message = format!("state is '{}'; allowed: {}, all", clipped(other), STATES.join(", "));
            return Err(ServiceError::usage("state", message));
        }
    };
    if let Some(name) = channel.as_ref().filter(|name| content::channel::channel(name).is_none()) {
        return Err(unknown_channel(name));
    }
    let words = words.map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty());
    Ok(DraftQuery { state, product_id: product, channel, words })
}

/// # Errors
/// If the state cannot be read.
pub fn list(store: &Store, query: &DraftQuery, offset: usize, limit: usize) -> Result<DraftPage> {
    let (by_state, items) = store.drafts(query, offset, limit)?;
    let of = |state: &str| by_state.iter().find(|(name, _)| name == state).map_or(0, |(_, n)| *n);
    let counts =
        DraftCounts { draft: of("draft"), review: of("review"), approved: of("approved"), rejected: of("rejected") };
    let all = counts.draft + counts.review + counts.approved + counts.rejected;
    let row = |stored: StoredDraft| Ok(serde_json::from_str::<DraftRow>(&stored.row)?);
    Ok(DraftPage {
        total: query.state.as_deref().map_or(all, of),
        counts,
        items: items.into_iter().map(row).collect::<Result<_>>()?,
    })
}

/// Puts texts in the place of those of some fields; an empty one takes a field away that the channel does not need. An
/// approved or rejected draft becomes a draft again.
///
/// # Errors
/// If the version is not the newest, or a text does not fit its field.
pub fn edit(
    store: &Store,
    id: &str,
    version: i64,
    fields: &BTreeMap<String, String>,
    prepared: &Prepared,
    voiced: &Voiced,
    by: &By,
) -> Result<DraftDetail> {
    let mut detail = newest(store, id, version)?;
    let mut step = by.step("edited", version + 1);
    for (name, text) in fields {
        if let Some(before) = put(&mut detail.draft, prepared.channel, name, text)? {
            step.before.insert(name.clone(), before);
        }
    }
    fits_channel(&mut detail.draft, prepared.channel)?;
    if detail.row.state != "review" {
        detail.row.state = "draft".to_owned();
    }
    checked(&mut detail, prepared, voiced)?;
    let n_edits = detail.history.iter().filter(|step| !step.before.is_empty()).count();
    if let Some(oldest) =
        detail.history.iter_mut().find(|step| !step.before.is_empty()).filter(|_| n_edits >= BEFORE_MAX)
    {
        oldest.before.clear();
    }
    change(store, detail, step)
}

/// The text of a field before; `None` if it is the same.
fn put(draft: &mut Draft, channel: &Channel, name: &str, text: &str) -> Result<Option<String>> {
    let card = channel.fields.iter().find(|card| card.name == name).ok_or_else(|| no_field(channel, name))?;
    let at = draft.fields.iter().position(|field| field.name == name);
    let before = at.map_or("", |at| draft.fields[at].text.as_str()).to_owned();
    if before == text {
        return Ok(None);
    }
    let is_html = card.format == content::channel::Format::Html;
    let made = Field { name: name.to_owned(), is_html, text: text.to_owned(), spans: Vec::new() };
    match at {
        Some(at) if text.is_empty() && !card.is_required => drop(draft.fields.remove(at)),
        Some(at) => draft.fields[at] = made,
        None => draft.fields.push(made),
    }
    Ok(Some(before))
}

fn no_field(channel: &Channel, name: &str) -> ServiceError {
    let allowed: Vec<&str> = channel.fields.iter().map(|card| card.name).collect();
    let message =
        format!("the channel {} has no field '{}'; allowed: {}", channel.name, clipped(name), allowed.join(", "));
    ServiceError::usage("field", message)
}

/// What is asked of a draft's state.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// The version that was read.
    pub version: i64,
    pub to: &'a str,
    /// Whether its authors may not approve it.
    pub four_eyes: bool,
}

/// Changes the state of a draft. What is approved is checked once more, against the catalogue and prices of now.
///
/// # Errors
/// If the version is not the newest, the state is the same already, or a draft that is blocked or one's own is to be approved.
pub fn set_state(
    store: &Store,
    id: &str,
    asked: Move<'_>,
    prepared: Option<&Prepared>,
    voiced: &Voiced,
    by: &By,
) -> Result<DraftDetail> {
    let Move { version, to, four_eyes } = asked;
    let what = match to {
        "review" => "submitted",
        "approved" => "approved",
        "rejected" => "rejected",
        "draft" => "reopened",
        other => {
            let message = format!("to is '{}'; allowed: {}", clipped(other), STATES.join(", "));
            return Err(ServiceError::usage("to", message));
        }
    };
    let mut detail = newest(store, id, version)?;
    if detail.row.state == to {
        return Err(ServiceError::conflict("state", format!("the draft is {to} already")));
    }
    if to == "approved" && four_eyes && detail.authors.contains(by.name.as_deref().unwrap_or_default()) {
        return Err(own_draft(&detail));
    }
    if let Some(prepared) = prepared {
        checked(&mut detail, prepared, voiced)?;
    }
    if to == "approved" && detail.row.verdict == verdict_name(Verdict::Blocked) {
        let findings: BTreeMap<&String, &Vec<content::check::Finding>> =
            detail.report.iter().map(|(field, report)| (field, &report.findings)).collect();
        return Err(ServiceError::conflict("blocked", "the draft is blocked by its checks and cannot be approved")
            .detail(json!({"findings": findings}))
            .help("mend what is marked, then approve"));
    }
    detail.row.state = to.to_owned();
    let step = by.step(what, version + 1);
    change(store, detail, step)
}

fn own_draft(detail: &DraftDetail) -> ServiceError {
    let name =
        |author: &String| if author.is_empty() { "the console's password".to_owned() } else { format!("'{author}'") };
    let authors: Vec<String> = detail.authors.iter().map(name).collect();
    let message = format!("whoever wrote or changed a draft may not approve it; this one: {}", authors.join(", "));
    ServiceError::new(Kind::Forbidden, "four_eyes", message).detail(json!({"authors": detail.authors})).help(
        "let somebody else approve it, who logs in to the console with an own key of the scopes manage and approve; a shop of one \
         person says four_eyes = false in [content] of tercet.toml",
    )
}

fn checked(detail: &mut DraftDetail, prepared: &Prepared, voiced: &Voiced) -> Result<()> {
    detail.report = prepared.reports(&detail.draft, voiced)?;
    detail.row.verdict = verdict_name(copy::verdict(detail.report.values())).to_owned();
    detail.row.title = title(&detail.draft);
    detail.row.product_name.clone_from(&prepared.plan.name);
    Ok(())
}

fn newest(store: &Store, id: &str, version: i64) -> Result<DraftDetail> {
    let detail = get(store, id)?;
    if detail.row.version != version { Err(outdated(version, detail.row.version)) } else { Ok(detail) }
}

fn outdated(found: i64, newest: i64) -> ServiceError {
    ServiceError::conflict(
        "version",
        format!("the draft was changed meanwhile: version {found} was sent, {newest} is the newest"),
    )
    .detail(json!({"found": found, "newest": newest}))
    .help("read it again, then make the change on the newest version")
}

fn change(store: &Store, mut detail: DraftDetail, step: DraftStep) -> Result<DraftDetail> {
    detail.row.version = step.version;
    detail.row.updated_at = step.at.max(detail.row.updated_at);
    detail.authors.extend(authors_of(std::slice::from_ref(&step)));
    detail.history.push(step);
    let excess = detail.history.len().saturating_sub(HISTORY_MAX);
    // How it came to be stays.
    detail.history.drain(1..1 + excess);
    if !store.change_draft(stored(&detail, "")?)? {
        let newest = store.draft(&detail.row.draft_id)?.map_or(0, |stored| stored.version);
        return Err(outdated(detail.row.version - 1, newest));
    }
    Ok(detail)
}

/// Whether a draft from outside is one of its channel, with nothing in it that a reader's browser would run.
fn fits_channel(draft: &mut Draft, channel: &Channel) -> Result<()> {
    if draft.channel != channel.name {
        let message = format!(
            "the draft is of the channel '{}', its brief of '{}'; allowed: the same",
            clipped(&draft.channel),
            channel.name
        );
        return Err(ServiceError::usage("channel", message));
    }
    if draft.evidence.len() > EVIDENCE_MAX || draft.fields.iter().any(|field| field.spans.len() > SPANS_MAX) {
        let message = format!(
            "the draft has more evidence than allowed: at most {EVIDENCE_MAX} entries and {SPANS_MAX} marks a field"
        );
        return Err(ServiceError::usage("draft", message));
    }
    for short in [&mut draft.openings, &mut draft.told] {
        short.truncate(100);
        short.retain(|one| one.len() <= 200);
    }
    draft.writer = draft.writer.chars().filter(|one| !one.is_control()).take(40).collect();
    let mut known: Vec<&str> = Vec::new();
    for field in &mut draft.fields {
        let card = channel.fields.iter().find(|card| card.name == field.name);
        let card = card.filter(|card| !known.contains(&card.name)).ok_or_else(|| no_field(channel, &field.name))?;
        known.push(card.name);
        field.is_html = card.format == content::channel::Format::Html;
        let n_chars = field.text.chars().count();
        if n_chars > TEXT_CHARS_MAX || field.text.contains('\0') {
            let message =
                format!("{} has {n_chars} characters; allowed: at most {TEXT_CHARS_MAX}, without NUL", card.name);
            return Err(ServiceError::usage("text", message));
        }
        if field.is_html
            && let Some(wrong) = markup::unsafe_markup(&field.text)
        {
            return Err(ServiceError::usage("html", format!("{}: {wrong}", card.name))
                .help("a copy may have paragraphs, headings, lists, tables, pictures and links; no scripts, frames or styles that fetch"));
        }
    }
    // In the order in which they appear.
    draft.fields.sort_by_key(|field| channel.fields.iter().position(|card| card.name == field.name));
    Ok(())
}

/// Drafts of every product that a run is asked for; products about which the same run wrote before are left out, so that one
/// that was broken off or cancelled can be started again.
///
/// # Errors
/// If the settings are refused, the run is cancelled, or there are too many drafts.
pub fn of_batch(
    store: &Store,
    asked: &BatchAsked,
    room: &Room,
    by: Option<&str>,
    progress: Progress<'_>,
) -> Result<BatchReport> {
    let name = asked.name()?;
    let done: BTreeSet<String> = store.products_of_batch(&name)?.into_iter().collect();
    let mut room_left = DRAFTS_MAX.saturating_sub(store.n_drafts()?);
    let mut waiting: Vec<StoredDraft> = Vec::new();
    let report = batch::run(asked, room, progress, &|id| done.contains(id), |one| {
        let Some((prepared, written)) = one.made else { return Ok(()) };
        room_left = room_left.checked_sub(written.variants.len() as u64).ok_or_else(too_many)?;
        let by = By { at: clock::now().0, name: by.map(str::to_owned), note: None };
        for (nth, variant) in written.variants.into_iter().enumerate() {
            let digest = Sha256::digest(format!("{name} {} {nth}", one.product.product_id));
            let id: String = digest.iter().take(9).map(|byte| format!("{byte:02x}")).collect();
            // Checked when it was written.
            let report = |_: &Draft| Ok(variant.report);
            let detail = made(format!("cd_{id}"), one.asked.clone(), variant.draft, report, &prepared, &by)?;
            waiting.push(stored(&detail, &name)?);
        }
        if waiting.len() >= WAITING_MAX {
            store.add_drafts(std::mem::take(&mut waiting))?;
        }
        Ok(())
    });
    // What was made before a run was cancelled is kept.
    store.add_drafts(waiting)?;
    report
}

fn too_many() -> ServiceError {
    ServiceError::conflict("drafts", format!("there are {DRAFTS_MAX} drafts already"))
        .help("delete some: DELETE /v1/content/drafts/{id}")
}

/// The channel of a brief.
///
/// # Errors
/// If there is none of this name.
pub fn channel_of(brief: &WriteAsked) -> Result<&'static Channel> {
    channel(&brief.channel).ok_or_else(|| unknown_channel(&brief.channel))
}
