//! What the program writes as CSV and Parquet is read back as the same rows: amounts, times, lists, specs, what was kept aside.

use super::{file, request, run};
use data::arrow::util::pretty::pretty_format_batches;
use data::export::{CsvFile, ParquetFile};
use tercet_data as data;

/// Rows of a table as the first reading of `text` keeps them, then as each written form of them is read.
fn check(table: &str, text: &str) {
    let read = |path: &std::path::Path| {
        let mut request = request(path);
        request.table = Some(table.to_owned());
        let (_, taken) = run(&request).unwrap();
        let taken = taken.borrow();
        assert!(taken.rejects.is_empty(), "{table}: {:?}", taken.rejects);
        taken.of(table).cloned().collect::<Vec<_>>()
    };
    let (folder, path) = file("first.csv", text.as_bytes());
    let first = read(&path);
    let shown = pretty_format_batches(&first).unwrap().to_string();
    let (csv, parquet) = (folder.path().join("again.csv"), folder.path().join("again.parquet"));
    let mut csv_file = CsvFile::create(&csv, first[0].schema()).unwrap();
    let mut parquet_file = ParquetFile::create(&parquet, first[0].schema()).unwrap();
    for batch in &first {
        csv_file.write(batch).unwrap();
        parquet_file.write(batch).unwrap();
    }
    csv_file.finish().unwrap();
    parquet_file.finish().unwrap();
    // A column that the shop does not know joins what was kept aside before.
    let exported = std::fs::read_to_string(&csv).unwrap();
    let wider = exported.lines().enumerate().map(|(at, line)| line.to_owned() + [",渠道经理\n", ",李\n"][at.min(1)]);
    let (_folder, path) = file("wider.csv", wider.collect::<String>().as_bytes());
    let wider = pretty_format_batches(&read(&path)).unwrap().to_string();
    assert!(
        wider.contains(r#""渠道经理":"李""#) && shown.contains("产地") == wider.contains(r#""产地":"深圳""#),
        "{wider}"
    );
    for path in [csv, parquet] {
        let again = pretty_format_batches(&read(&path)).unwrap().to_string();
        assert_eq!(again, shown, "{table} from {}", path.display());
    }
}

#[test]
fn written_tables_are_read_back_as_they_were() {
    check(
        "products",
        "SKU,商品名称,品牌,价格,成本价,内存,屏幕尺寸,上市日期,库存,产地,系列\n\
         A1,\"Phone \"\"X\"\", 6.1\"\" | 黑\",星澜,\"￥1,299.00\",899.5,8GB,6.1 英寸,2025-03-01,12,深圳,007\n\
         B2,Laptop; 16 GB,Yunvex,5999,,,,,0,,\n",
    );
    check(
        "orders",
        "订单号,用户ID,商品编号,数量,单价,优惠,下单时间,备注\n\
         1,c1,A1,2,0.07,0.01,2025-05-01 08:15:30.250,\"急, \"\"今天\"\"\"\n\
         2,c2,B2,-1,5999,,2025-05-02T00:00:00+08:00,\n",
    );
    check(
        "customers",
        "customer_id,registered_on,consent,city\nc1,2024-01-05,\"[\"\"email\"\",\"\"sms\"\"]\",上海\nc2,,email;push,\nc3,,,\n",
    );
    check(
        "answers",
        "问题,答案,相似问法\n怎么退货？,七天内。,\"[\"\"退货, 怎么办\"\",\"\"能退吗\"\"]\"\nWarranty?,A year.,\n",
    );
}
