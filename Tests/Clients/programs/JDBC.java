// pgjdbc against a real server. Prints a line a check: `ok NAME` or `FAIL NAME: why`.
import java.math.BigDecimal;
import java.sql.*;
import java.time.OffsetDateTime;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class JDBC {
  interface Check { void run() throws Exception; }

  static String url;

  static Connection open(String... more) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", "apus");
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    return DriverManager.getConnection(url, properties);
  }

  static void check(String name, Check check) {
    try {
      check.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      String text = String.valueOf(error).replace('\n', ' ');
      StackTraceElement place = null;
      for (StackTraceElement e : error.getStackTrace()) if (place == null && e.getClassName().startsWith("JDBC")) place = e;
      System.out.println("FAIL " + name + ": " + text + (place == null ? "" : " (line " + place.getLineNumber() + ")"));
    }
  }

  static void same(Object got, Object wanted) {
    if (!Objects.equals(got, wanted)) throw new AssertionError("got " + got + " instead of " + wanted);
  }

  static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> found = new ArrayList<>();
    while (rows.next()) found.add(rows.getString(name));
    return found;
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) { statement.execute(sql); }
  }

  public static void main(String[] arguments) throws Exception {
    url = "jdbc:postgresql://" + arguments[0] + "/apus";
    try (Connection connection = open()) {
      run(connection, "CREATE TABLE jdbc_types (id bigint NOT NULL, small smallint, mid integer, ratio float8, single real,"
          + " price numeric(12,2), ok boolean, name text, code varchar(8), day date, at timestamptz, local timestamp,"
          + " doc jsonb, tags text[], data bytea, unique_id uuid)");
      run(connection, "CREATE VIEW jdbc_view AS SELECT id, name FROM jdbc_types");
    }
    check("catalogs_and_schemas", JDBC::catalogsAndSchemas);
    check("tables", JDBC::tables);
    check("columns", JDBC::columns);
    check("keys_and_indexes", JDBC::keysAndIndexes);
    check("type_info", JDBC::typeInfo);
    check("functions", JDBC::functions);
    check("prepared_statements_in_text", () -> prepared("prepareThreshold", "0"));
    check("prepared_statements_in_binary", () -> prepared("prepareThreshold", "-1"));
    check("simple_queries", () -> prepared("preferQueryMode", "simple"));
    check("batches", JDBC::batches);
    check("fetch_size", JDBC::fetchSize);
    check("transactions_and_savepoints", JDBC::transactions);
    check("errors", JDBC::errors);
    check("copy", JDBC::copy);
    check("result_set_metadata", JDBC::resultSetMetadata);
    check("cancel_and_timeout", JDBC::cancel);
  }

  static void catalogsAndSchemas() throws Exception {
    try (Connection connection = open()) {
      DatabaseMetaData data = connection.getMetaData();
      same(data.getDatabaseProductName(), "PostgreSQL");
      same(data.getDatabaseMajorVersion(), 15);
      same(column(data.getCatalogs(), "TABLE_CAT"), List.of("apus"));
      List<String> schemas = column(data.getSchemas(), "TABLE_SCHEM");
      if (!schemas.containsAll(List.of("apus", "information_schema", "pg_catalog", "public"))) {
        throw new AssertionError(schemas);
      }
      same(connection.getSchema(), "public");
      same(connection.getCatalog(), "apus");
      if (data.getSQLKeywords().isEmpty()) throw new AssertionError("no keywords");
      same(data.getMaxColumnNameLength(), 63);
      column(data.getTableTypes(), "TABLE_TYPE");
      column(data.getClientInfoProperties(), "NAME");
      column(data.getTablePrivileges(null, "public", "events"), "PRIVILEGE");
      column(data.getColumnPrivileges(null, "public", "events", "%"), "PRIVILEGE");
    }
  }

  static void tables() throws Exception {
    try (Connection connection = open()) {
      DatabaseMetaData data = connection.getMetaData();
      same(column(data.getTables(null, "public", "jdbc%", new String[] {"TABLE"}), "TABLE_NAME"), List.of("jdbc_types"));
      same(column(data.getTables(null, "public", "jdbc%", new String[] {"VIEW"}), "TABLE_NAME"), List.of("jdbc_view"));
      List<String> all = column(data.getTables(null, "public", "%", null), "TABLE_NAME");
      if (!all.containsAll(List.of("events", "users", "identities", "jdbc_types"))) throw new AssertionError(all);
      if (column(data.getTables("apus", "pg_catalog", "pg_class", null), "TABLE_NAME").size() != 1) {
        throw new AssertionError("pg_class");
      }
    }
  }

  static void columns() throws Exception {
    try (Connection connection = open(); ResultSet rows = connection.getMetaData().getColumns(null, "public", "jdbc_types", "%")) {
      Map<String, String> found = new LinkedHashMap<>();
      while (rows.next()) {
        found.put(rows.getString("COLUMN_NAME"), rows.getString("TYPE_NAME") + "/" + rows.getInt("DATA_TYPE") + "/"
            + rows.getInt("COLUMN_SIZE") + "/" + rows.getInt("DECIMAL_DIGITS") + "/" + rows.getString("IS_NULLABLE"));
      }
      same(found.get("id"), "int8/-5/19/0/NO");
      same(found.get("small"), "int2/5/5/0/YES");
      same(found.get("price"), "numeric/2/12/2/YES");
      same(found.get("code"), "varchar/12/8/0/YES");
      same(found.get("ok"), "bool/-7/1/0/YES");
      same(found.get("at").split("/")[0], "timestamptz");
      same(found.get("doc").split("/")[0], "jsonb");
      same(found.get("tags").split("/")[0], "_text");
      same(found.size(), 16);
    }
    try (Connection connection = open();
        ResultSet rows = connection.getMetaData().getColumns(null, null, "events", "distinct_id")) {
      if (!rows.next()) throw new AssertionError("no distinct_id");
      same(rows.getString("IS_GENERATEDCOLUMN"), "YES");
    }
  }

  static void keysAndIndexes() throws Exception {
    try (Connection connection = open()) {
      DatabaseMetaData data = connection.getMetaData();
      same(column(data.getPrimaryKeys(null, "public", "jdbc_types"), "COLUMN_NAME"), List.of());
      same(column(data.getImportedKeys(null, "public", "jdbc_types"), "FKCOLUMN_NAME"), List.of());
      same(column(data.getExportedKeys(null, "public", "jdbc_types"), "FKCOLUMN_NAME"), List.of());
      same(column(data.getIndexInfo(null, "public", "jdbc_types", false, true), "INDEX_NAME"), List.of());
      same(column(data.getBestRowIdentifier(null, "public", "jdbc_types", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"), List.of());
      column(data.getVersionColumns(null, "public", "jdbc_types"), "COLUMN_NAME");
    }
  }

  static void typeInfo() throws Exception {
    try (Connection connection = open()) {
      List<String> types = column(connection.getMetaData().getTypeInfo(), "TYPE_NAME");
      if (!types.containsAll(List.of("bool", "int8", "numeric", "text", "timestamptz", "jsonb", "uuid"))) {
        throw new AssertionError(types);
      }
      column(connection.getMetaData().getUDTs(null, "public", "%", null), "TYPE_NAME");
    }
  }

  static void functions() throws Exception {
    try (Connection connection = open()) {
      DatabaseMetaData data = connection.getMetaData();
      if (!column(data.getFunctions(null, "apus", "person"), "FUNCTION_NAME").contains("person")) throw new AssertionError("person");
      if (column(data.getFunctionColumns(null, "pg_catalog", "lower", "%"), "COLUMN_NAME").isEmpty()) throw new AssertionError("lower");
      column(data.getProcedures(null, "public", "%"), "PROCEDURE_NAME");
      column(data.getProcedureColumns(null, "public", "%", "%"), "COLUMN_NAME");
    }
  }

  static void prepared(String option, String value) throws Exception {
    try (Connection connection = open(option, value)) {
      run(connection, "DELETE FROM jdbc_types");
      OffsetDateTime moment = OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 678901000, ZoneOffset.UTC);
      UUID id = UUID.fromString("0198b4f4-0000-7000-8000-000000000001");
      String insert = "INSERT INTO jdbc_types VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?)";
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        for (int n = 0; n < 3; n++) {
          statement.setLong(1, (1L << 40) + n);
          statement.setShort(2, (short) 7);
          statement.setInt(3, 70_000);
          statement.setDouble(4, 0.1);
          statement.setFloat(5, 1.5f);
          statement.setBigDecimal(6, new BigDecimal("12.50"));
          statement.setBoolean(7, n % 2 == 0);
          statement.setString(8, "na'me ä");
          statement.setString(9, "code");
          statement.setObject(10, LocalDate.of(2024, 2, 29));
          statement.setObject(11, moment);
          statement.setTimestamp(12, Timestamp.valueOf("2026-01-02 03:04:05.5"));
          statement.setString(13, "{\"a\": [1, 2]}");
          statement.setArray(14, connection.createArrayOf("text", new String[] {"x", null, "y,z"}));
          // In its simple mode pgjdbc 42.5 writes bytea as no server reads it.
          statement.setBytes(15, value.equals("simple") ? null : new byte[] {0, 1, (byte) 255});
          statement.setObject(16, id);
          same(statement.executeUpdate(), 1);
        }
      }
      try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM jdbc_types WHERE id = ? AND ok")) {
        for (int n = 0; n < 8; n++) {
          statement.setLong(1, 1L << 40);
          try (ResultSet rows = statement.executeQuery()) {
            if (!rows.next()) throw new AssertionError("no row");
            same(rows.getLong(1), 1L << 40);
            same(rows.getInt(2), 7);
            same(rows.getInt("mid"), 70_000);
            same(rows.getDouble(4), 0.1);
            same(rows.getFloat(5), 1.5f);
            same(rows.getBigDecimal(6), new BigDecimal("12.50"));
            same(rows.getBoolean(7), true);
            same(rows.getString(8), "na'me ä");
            same(rows.getObject(10, LocalDate.class), LocalDate.of(2024, 2, 29));
            same(rows.getObject(11, OffsetDateTime.class).toInstant(), moment.toInstant());
            same(rows.getTimestamp(12), Timestamp.valueOf("2026-01-02 03:04:05.5"));
            same(rows.getString("doc"), "{\"a\": [1, 2]}");
            same(Arrays.asList((String[]) rows.getArray("tags").getArray()), Arrays.asList("x", null, "y,z"));
            same(Arrays.toString(rows.getBytes("data")), value.equals("simple") ? "null" : "[0, 1, -1]");
            same(rows.getObject("unique_id"), id);
            if (rows.next()) throw new AssertionError("two rows");
          }
        }
      }
    }
  }

  static void batches() throws Exception {
    try (Connection connection = open("reWriteBatchedInserts", "true")) {
      run(connection, "CREATE TABLE jdbc_batch (n bigint, name text)");
      try (PreparedStatement statement = connection.prepareStatement("INSERT INTO jdbc_batch VALUES (?, ?)")) {
        for (int n = 0; n < 1000; n++) {
          statement.setLong(1, n);
          statement.setString(2, n % 10 == 0 ? null : "name " + n);
          statement.addBatch();
        }
        same(statement.executeBatch().length, 1000);
      }
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SELECT count(*), count(name), sum(n) FROM jdbc_batch")) {
        rows.next();
        same(rows.getLong(1) + "/" + rows.getLong(2) + "/" + rows.getLong(3), "1000/900/499500");
      }
    }
  }

  static void fetchSize() throws Exception {
    try (Connection connection = open()) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(100);
        long sum = 0;
        try (ResultSet rows = statement.executeQuery("SELECT g FROM generate_series(1, 10000) AS g")) {
          while (rows.next()) sum += rows.getLong(1);
        }
        same(sum, 50_005_000L);
        // Left before its end: the portal is closed.
        try (ResultSet rows = statement.executeQuery("SELECT g FROM generate_series(1, 100000) AS g")) { rows.next(); }
      }
      connection.commit();
    }
  }

  static void transactions() throws Exception {
    try (Connection connection = open(); Connection other = open()) {
      run(other, "CREATE TABLE jdbc_tx (n bigint)");
      connection.setAutoCommit(false);
      run(connection, "INSERT INTO jdbc_tx VALUES (1)");
      Savepoint point = connection.setSavepoint("p");
      run(connection, "INSERT INTO jdbc_tx VALUES (2)");
      connection.rollback(point);
      connection.releaseSavepoint(point);
      same(count(other), 0L);
      connection.commit();
      same(count(other), 1L);
      run(connection, "INSERT INTO jdbc_tx VALUES (3)");
      connection.rollback();
      same(count(other), 1L);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      same(connection.getTransactionIsolation(), Connection.TRANSACTION_REPEATABLE_READ);
      connection.commit();
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      same(connection.getTransactionIsolation(), Connection.TRANSACTION_SERIALIZABLE);
      connection.commit();
      connection.setReadOnly(true);
      try {
        run(connection, "INSERT INTO jdbc_tx VALUES (4)");
        throw new AssertionError("a read-only transaction wrote");
      } catch (SQLException error) { same(error.getSQLState(), "25006"); }
      connection.rollback();
    }
    try (Connection connection = open("autosave", "always")) {
      connection.setAutoCommit(false);
      run(connection, "INSERT INTO jdbc_tx VALUES (5)");
      try { run(connection, "SELECT 1 / 0"); } catch (SQLException error) { same(error.getSQLState(), "22012"); }
      connection.commit();
      same(count(connection), 2L);
    }
  }

  static long count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT count(*) FROM jdbc_tx")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  static void errors() throws Exception {
    try (Connection connection = open()) {
      String[][] wrong = {{"SELECT nope FROM events", "42703"}, {"SELECT * FROM nowhere", "42P01"}, {"SELEC 1", "42601"}, {"SELECT 'x'::bigint", "22P02"}};
      for (String[] pair : wrong) {
        try {
          run(connection, pair[0]);
          throw new AssertionError("no error: " + pair[0]);
        } catch (SQLException error) { same(error.getSQLState(), pair[1]); }
      }
      run(connection, "SELECT 1");
    }
  }

  static void copy() throws Exception {
    try (Connection connection = open()) {
      run(connection, "CREATE TABLE jdbc_copy (n bigint, name text)");
      CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
      same(copies.copyIn("COPY jdbc_copy FROM STDIN", new java.io.StringReader("1\ta\n2\t\\N\n")), 2L);
      java.io.StringWriter out = new java.io.StringWriter();
      same(copies.copyOut("COPY (SELECT * FROM jdbc_copy ORDER BY n) TO STDOUT (FORMAT csv)", out), 2L);
      same(out.toString(), "1,a\n2,\n");
    }
  }

  static void resultSetMetadata() throws Exception {
    try (Connection connection = open(); Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT id, price, at, name AS label FROM jdbc_types LIMIT 0")) {
      ResultSetMetaData data = rows.getMetaData();
      same(data.getColumnCount(), 4);
      same(data.getTableName(1), "jdbc_types");
      same(data.getColumnTypeName(2), "numeric");
      same(data.getPrecision(2) + "," + data.getScale(2), "12,2");
      same(data.isNullable(1), ResultSetMetaData.columnNoNulls);
      same(data.isNullable(2), ResultSetMetaData.columnNullable);
      same(data.getColumnLabel(4), "label");
      same(data.isAutoIncrement(1), false);
    }
    try (Connection connection = open(); PreparedStatement statement = connection.prepareStatement("SELECT id FROM jdbc_types WHERE name = ? AND id > ?")) {
      same(statement.getParameterMetaData().getParameterTypeName(1), "text");
      same(statement.getMetaData().getColumnName(1), "id");
    }
  }

  static void cancel() throws Exception {
    try (Connection connection = open(); Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      try {
        statement.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a * b % 7 = 3");
        throw new AssertionError("not cancelled");
      } catch (SQLException error) { same(error.getSQLState(), "57014"); }
      statement.setQueryTimeout(0);
      statement.execute("SELECT 1");
    }
  }
}
