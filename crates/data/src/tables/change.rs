//! Changes other than imports: erasure, compaction, collection of files nobody names.
