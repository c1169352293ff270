//! Documents and curated answers, from files to the tables of a shop: ids, versions, what changed, rejects.

use std::fs;
use std::path::Path;

use data::sources::{FileReport, ImportRequest, import, version_of};
use data::tables::Row;
use data::{DataError, Shop, SourceTag};
use domain::{CuratedAnswer, Delivery, DeliveryStatus, KnowledgeDocument, Order};

use super::*;

struct Place {
    folder: tempfile::TempDir,
    shop: Shop,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        Place { folder, shop }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn import(&self, input: &str, table: Option<&str>) -> Result<Vec<FileReport>, ImportError> {
        let input = self.folder.path().join(input).display().to_string();
        let request = ImportRequest { table: table.map(str::to_owned), ..ImportRequest::new(vec![input], NOW_MS) };
        import(&self.shop, &request, &|_| {})
    }

    fn documents(&self) -> Vec<KnowledgeDocument> {
        let mut rows = self.shop.tables().load::<KnowledgeDocument>().unwrap();
        rows.sort_by(|a, b| a.document_id.cmp(&b.document_id));
        rows
    }

    fn answers(&self) -> Vec<CuratedAnswer> {
        self.shop.tables().load().unwrap()
    }
}

#[test]
fn a_folder_of_documents_becomes_knowledge() {
    let place = Place::new();
    place.write("docs/returns.md", "---\nproduct_ids: [P1, P2]\nauthor: 客服\n---\n# 退货\n七天内可退。\n");
    place.write("docs/phones/setup.html", "<title>设置</title><h2>开机</h2><p>长按电源键。<script>x</script>");
    place.write("docs/phones/care.txt", encoding_of("gbk", "请用干布擦拭屏幕，不要用酒精，也不要让它进水。"));
    place.write("docs/broken.pdf", "%PDF-1.4\nnothing");
    place.write("docs/old.doc", "x");
    place.write("docs/logo.png", "x");
    place.write("docs/.hidden.md", "x");
    let reports = place.import("docs", Some("knowledge")).unwrap();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    let counts = &report.counts;
    assert_eq!((counts.rows_read, counts.rows_kept, counts.rows_rejected, counts.rows_passed), (5, 3, 2, 1));
    assert_eq!(report.form, "documents: 1 Markdown, 1 HTML, 1 PDF, 1 plain text, 1 an older word processor's file");
    assert!(report.warnings[0].contains("1 files in the folders are neither documents nor tables"));
    assert!(report.warnings[0].ends_with(".png"));
    let rejects = fs::read_to_string(report.written.as_ref().unwrap().reject_path.as_ref().unwrap()).unwrap();
    assert!(rejects.contains("broken.pdf") && rejects.contains("the PDF is damaged"), "{rejects}");
    assert!(rejects.contains("old.doc") && rejects.contains("save it as DOCX"), "{rejects}");
    let found = place.documents();
    let ids: Vec<(&str, &str)> = found.iter().map(|row| (row.document_id.as_str(), row.title.as_str())).collect();
    assert_eq!(ids, [("phones/care.txt", "care"), ("phones/setup.html", "设置"), ("returns.md", "退货")]);
    assert_eq!(found[1].text, "## 开机\n\n长按电源键。");
    assert_eq!(
        (found[2].text.as_str(), &found[2].product_ids[..]),
        ("# 退货\n七天内可退。", &["P1".to_owned(), "P2".to_owned()][..])
    );
    assert_eq!(found[2].extra.as_deref(), Some("{\"author\":\"客服\"}"));
    assert_eq!(found[2].source.as_deref(), Some("returns.md"));
    assert!(found.iter().all(|row| row.version.as_deref() == Some(version_of(&row.text).as_str())));
}

#[test]
fn what_is_new_and_changed_is_told() {
    let place = Place::new();
    place.write("docs/a.md", "# A\nfirst");
    place.write("docs/b.md", "# B\nfirst");
    let changes = |reports: &[FileReport]| {
        let changes = reports[0].changes.clone().unwrap();
        (changes.n_new, changes.n_changed, changes.n_same, changes.changed)
    };
    assert_eq!(changes(&place.import("docs", Some("knowledge")).unwrap()), (2, 0, 0, Vec::new()));
    let again = place.import("docs", Some("knowledge")).unwrap();
    assert!(again[0].written.is_none() && again[0].already_imported_as.as_deref() == Some("2 documents of docs"));
    place.write("docs/b.md", "# B\nsecond");
    place.write("docs/c.md", "# C\nfirst");
    let reports = place.import("docs", Some("knowledge")).unwrap();
    assert_eq!(changes(&reports), (1, 1, 1, vec!["b.md".to_owned()]));
    assert_eq!(reports[0].written.as_ref().unwrap().rows_replaced, 2);
    let texts: Vec<String> = place.documents().into_iter().map(|row| row.text).collect();
    assert_eq!(texts, ["# A\nfirst", "# B\nsecond", "# C\nfirst"]);
    // A pattern: ids begin where it does; a single file of a folder's top has the id it had.
    let one = place.import("docs/*.md", Some("knowledge")).unwrap();
    assert!(one[0].written.is_none() && one[0].already_imported_as.is_some());
    let one = place.import("docs/a.md", Some("knowledge")).unwrap();
    assert_eq!(changes(&one), (0, 0, 1, Vec::new()));
}

#[test]
fn a_table_of_documents_gets_versions_too() {
    let place = Place::new();
    place.write("k.csv", "document_id,title,text,version\nd1,T,hello,\nd2,T,hello,v7\n");
    let reports = place.import("k.csv", Some("knowledge")).unwrap();
    assert_eq!(reports[0].changes.as_ref().unwrap().n_new, 2);
    let versions: Vec<Option<String>> = place.documents().into_iter().map(|row| row.version).collect();
    assert_eq!(versions, [Some(version_of("hello")), Some("v7".to_owned())]);
    // A table in a file whose ending documents share.
    place.write("k.txt", "document_id\ttitle\ttext\nd3\tT\tbye\n");
    assert_eq!(place.import("k.txt", Some("knowledge")).unwrap()[0].counts.rows_kept, 1);
    assert_eq!(place.documents().len(), 3);
}

#[test]
fn documents_must_be_said_to_be_some_and_ids_differ() {
    let place = Place::new();
    place.write("a.md", "# A\nx");
    let refused = place.import("a.md", None).unwrap_err().to_string();
    assert!(refused.contains("it is a document") && refused.contains("--as knowledge"), "{refused}");
    place.write("docs/a.md", "---\nid: same\n---\nx");
    place.write("docs/b.md", "---\nid: same\n---\ny");
    let report = &place.import("docs", Some("knowledge")).unwrap()[0];
    assert_eq!((report.counts.rows_kept, report.counts.rows_rejected), (1, 1));
    assert!(report.counts.reasons.contains_key("document_id"), "{:?}", report.counts.reasons);
    let nothing = place.import("none/*.md", Some("knowledge")).unwrap_err();
    assert!(matches!(nothing, ImportError::NoFiles { .. }), "{nothing}");
}

#[test]
fn questions_and_answers_are_curated_once() {
    let place = Place::new();
    let rows = "问题,答案,相似问法\n怎么退货？,七天内申请。,\"退货流程;怎样退货\"\n保修多久,一年。,\n,没有问题,\n";
    place.write("qa.csv", encoding_of("gbk", rows));
    let report = &place.import("qa.csv", Some("knowledge")).unwrap()[0];
    assert_eq!((report.table, report.counts.rows_kept, report.counts.rows_rejected), ("answers", 2, 1));
    let before = place.answers();
    assert_eq!(before[0].variants, ["退货流程", "怎样退货"]);
    assert!(before[0].answer_id.starts_with("q-") && before[0].is_on.is_none());
    // Written otherwise, it is the same question.
    place.write("more.csv", "question,answer,is_on\n 怎么 退货?,十五天内申请。,false\n");
    let report = &place.import("more.csv", None).unwrap()[0];
    assert_eq!((report.table, report.written.as_ref().unwrap().rows_replaced), ("answers", 1));
    let after = place.answers();
    assert_eq!(after.len(), 2);
    let found = after.iter().find(|row| row.answer_id == before[0].answer_id).unwrap();
    assert_eq!((found.answer.as_str(), found.is_on), ("十五天内申请。", Some(false)));
}

#[test]
fn deliveries_replace_each_other_and_go_with_the_customer() {
    let place = Place::new();
    place.write("d.csv", "订单号,订单状态,更新时间,快递公司,运单号,预计送达\n1,已发货,2025-03-01 10:00,迅鹿,X1,2025-03-04\n2,lost,2025-03-01,,,\n");
    let report = &place.import("d.csv", None).unwrap()[0];
    assert_eq!((report.table, report.counts.rows_kept, report.counts.rows_rejected), ("deliveries", 1, 1));
    place.write(
        "e.csv",
        "order_id,status,updated_at,delivered_on\n1,Delivered,2025-03-03 09:00,2025-03-03\n3,paid,2025-03-03,\n",
    );
    assert_eq!(place.import("e.csv", None).unwrap()[0].written.as_ref().unwrap().rows_replaced, 1);
    let rows: Vec<Delivery> = place.shop.tables().load().unwrap();
    let one = rows.iter().find(|row| row.order_id == "1").unwrap();
    assert_eq!((one.status, one.delivered_on), (DeliveryStatus::Delivered, Some("2025-03-03".parse().unwrap())));
    let order = Order {
        order_id: "1".into(),
        customer_id: "c".into(),
        product_id: "p".into(),
        quantity: 1,
        ..Order::default()
    };
    place.shop.tables().upsert(&[order], "test").unwrap();
    assert_eq!(place.shop.tables().delete_where_customer("c").unwrap(), 2);
    let left: Vec<Delivery> = place.shop.tables().load().unwrap();
    assert_eq!(left.iter().map(|row| row.order_id.as_str()).collect::<Vec<_>>(), ["3"]);
}

/// A file of the table as it was before documents had versions.
#[test]
fn rows_from_before_there_were_versions_are_read() {
    let place = Place::new();
    let rows =
        [KnowledgeDocument { document_id: "d1".into(), title: "T".into(), text: "old".into(), ..Default::default() }];
    place.shop.tables().upsert(&rows, "test").unwrap();
    let spec = KnowledgeDocument::spec();
    let manifest = place.shop.tables().manifest(spec).unwrap();
    let path = place.shop.tables().folder(spec).join(&manifest.files[0].path);
    without_column(&path, "version");
    // The manifest knows how long its files are.
    let page = place.shop.tables().folder(spec).join("manifest.json");
    let before = format!("\"n_bytes\": {}", manifest.files[0].n_bytes);
    let after = format!("\"n_bytes\": {}", fs::metadata(&path).unwrap().len());
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains(&before), "{text}");
    fs::write(&page, text.replace(&before, &after)).unwrap();
    let loaded = place.documents();
    assert_eq!((loaded[0].text.as_str(), &loaded[0].version), ("old", &None));
    let engine = place.shop.engine().unwrap();
    let asked = engine.query("select document_id, version, text from knowledge where version is null").unwrap();
    assert_eq!(asked.to_json().unwrap()[0], serde_json::json!({"document_id": "d1", "version": null, "text": "old"}));
    // The same text is no change; a new one is.
    place.write("same.csv", "document_id,title,text\nd1,T,old\n");
    assert_eq!(place.import("same.csv", Some("knowledge")).unwrap()[0].changes.as_ref().unwrap().n_same, 1);
    assert_eq!(place.documents()[0].version, Some(version_of("old")));
    let again = place.shop.tables().writer(spec, SourceTag::source("x", "y"));
    assert!(!matches!(again.err(), Some(DataError::Corrupt { .. })));
}

fn without_column(path: &Path, name: &str) {
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let keep: Vec<usize> =
        (0..batches[0].num_columns()).filter(|&i| batches[0].schema().field(i).name() != name).collect();
    let narrow = batches[0].project(&keep).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), narrow.schema(), None).unwrap();
    writer.write(&narrow).unwrap();
    writer.close().unwrap();
}
