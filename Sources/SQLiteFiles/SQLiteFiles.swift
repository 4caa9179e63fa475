// SQLiteFiles
