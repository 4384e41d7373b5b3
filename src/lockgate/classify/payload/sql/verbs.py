"""What the words of SQL do, as data: how statements begin, and which functions are no mere look.

A row is found by the longest run of leading words. What is not in the tables is nothing that this
library knows, and counts as unreadable.
"""

from __future__ import annotations

from typing import Final, NamedTuple

READ: Final = "database.read"
QUERY: Final = "database.query"
INSERT: Final = "database.insert"
UPDATE: Final = "database.update"
DELETE: Final = "database.delete"
DROP: Final = "database.drop"
MIGRATE: Final = "database.migrate"
GRANT: Final = "database.grant"
EXPORT: Final = "database.export"
BACKUP: Final = "database.backup"
RESTORE: Final = "database.restore"
EXECUTE: Final = "code.execute"


class Verb(NamedTuple):
    """What a statement that begins with certain words does.

    Attributes:
        action: The canonical action.
        hazards: What is dangerous about it, as ids.
        undone: Its reversibility, where it differs from the action's.
    """

    action: str
    hazards: tuple[str, ...] = ()
    undone: str = ""


# fmt: off
_ROWS: Final = (
    # Looks. `EXPLAIN` and those that the parser has to read are in `reading`.
    ("SHOW, DESCRIBE, DESC, HELP, LIST, LS, FETCH, CLOSE, PRINT, CHECKSUM, GO", READ, "", ""),
    ("BEGIN TRAN, BEGIN TRANSACTION, BEGIN WORK, BEGIN DEFERRED, BEGIN IMMEDIATE, BEGIN EXCLUSIVE, BEGIN ISOLATION, BEGIN READ, BEGIN CONCURRENT, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, SAVE TRAN, SAVE TRANSACTION, RELEASE, END, ABORT, SET TRANSACTION", READ, "", ""),
    ("USE, SET NAMES, SET TIMEZONE, SET TIME ZONE, SET TIME_ZONE, SET DATESTYLE, SET STATEMENT_TIMEOUT, SET LOCK_TIMEOUT, SET CLIENT_ENCODING, SET APPLICATION_NAME, SET NOCOUNT, SET SEARCH_PATH, SET SCHEMA, SET CURRENT_SCHEMA, SET CHARACTER SET, SET ANSI_NULLS, SET QUOTED_IDENTIFIER, SET DATEFORMAT, SET LANGUAGE", READ, "", ""),
    # Rows
    ("INSERT, UPSERT", INSERT, "", ""),
    ("INSERT OVERWRITE", INSERT, "data_loss", "irreversible"),
    ("REPLACE", UPDATE, "", ""),
    ("UPDATE, MERGE", UPDATE, "", ""),
    ("DELETE", DELETE, "", ""),
    ("TRUNCATE", DROP, "data_loss unbounded", ""),
    ("LOAD DATA, LOAD XML, COPY, COPY INTO, IMPORT, IMPORT INTO, INGEST", INSERT, "", ""),
    # Structure
    ("CREATE", MIGRATE, "", "costly"),
    ("ALTER, RENAME, COMMENT, CLUSTER, REINDEX, REPAIR, MSCK, UNDROP, DISABLE, ENABLE", MIGRATE, "", ""),
    ("CREATE OR REPLACE TABLE, CREATE OR REPLACE DATABASE, CREATE OR REPLACE SCHEMA", MIGRATE, "data_loss", ""),
    ("DROP", DROP, "data_loss", ""),
    ("DROP INDEX, DROP VIEW, DROP MATERIALIZED VIEW, DROP FUNCTION, DROP PROCEDURE, DROP TRIGGER, DROP SYNONYM, DROP ALIAS, DROP STATISTICS, DROP POLICY, DROP RULE, DROP TYPE, DROP DOMAIN, DROP CAST, DROP OPERATOR, DROP AGGREGATE, DROP MACRO, DROP TASK, DROP EVENT, DROP SEQUENCE, DROP CONSTRAINT, DROP PREPARE, DROP TEMPORARY TABLE, DROP FILE FORMAT", DROP, "", "costly"),
    ("CREATE EXTENSION, INSTALL, LOAD, INSTALL PLUGIN, INSTALL SONAME, CREATE ASSEMBLY, CREATE LIBRARY", MIGRATE, "supply_chain", ""),
    # Access
    ("GRANT", GRANT, "", ""),
    ("REVOKE, DENY", GRANT, "", ""),
    ("CREATE USER, CREATE ROLE, CREATE LOGIN, CREATE CREDENTIAL, CREATE APPLICATION ROLE, CREATE SERVER ROLE", GRANT, "", ""),
    ("ALTER USER, ALTER ROLE, ALTER LOGIN, ALTER CREDENTIAL, ALTER AUTHORIZATION, ALTER DEFAULT PRIVILEGES, ALTER SERVER ROLE", GRANT, "", ""),
    ("DROP USER, DROP ROLE, DROP LOGIN, DROP OWNED", DROP, "lock_out", ""),
    ("REASSIGN, SET PASSWORD, SET DEFAULT ROLE, CREATE POLICY, ALTER POLICY", GRANT, "", ""),
    ("SET ROLE, SET SESSION AUTHORIZATION, SET LOCAL ROLE, SET SESSION ROLE", GRANT, "privilege_escalation", ""),
    # Data that leaves or comes back
    ("UNLOAD, EXPORT, EXPORT DATA, PUT, GET", EXPORT, "", ""),
    ("BACKUP", BACKUP, "", ""),
    ("RESTORE", RESTORE, "data_loss", ""),
    # What runs other things, or the server itself
    ("CALL, EXEC, EXECUTE, DO, PREPARE, DEALLOCATE, DECLARE, OPEN, HANDLER, SET, RESET, PRAGMA, ATTACH, DETACH, LOCK, UNLOCK, ANALYZE, ANALYSE, OPTIMIZE, VACUUM, CHECKPOINT, REFRESH, CACHE, UNCACHE, CLEAR, INVALIDATE, COMPUTE, SYSTEM, KEEP, LISTEN, UNLISTEN, NOTIFY, DISCARD, XA, ASSERT, ADD, REMOVE, STOP, START, CANCEL, WATCH, TRANSFER", QUERY, "", ""),
    ("EXECUTE IMMEDIATE, PREPARE TRANSACTION", QUERY, "injection", ""),
    ("SET GLOBAL, SET PERSIST, ALTER SYSTEM, ALTER SERVER, RECONFIGURE, PURGE", QUERY, "misconfiguration", ""),
    ("RESET MASTER, RESET SLAVE, RESET REPLICA, PURGE BINARY LOGS, PURGE MASTER LOGS, PURGE TABLE, PURGE RECYCLEBIN, DISCARD ALL, FLASHBACK", QUERY, "data_loss", ""),
    ("FLUSH, STOP SLAVE, STOP REPLICA, STOP GROUP_REPLICATION, CHANGE, CHANGE MASTER, CHANGE REPLICATION", QUERY, "outage", ""),
    ("SHUTDOWN, KILL, RESTART, WAITFOR", QUERY, "outage", ""),
    ("DBCC, BULK, BULK INSERT", QUERY, "", ""),
)
# fmt: on

VERBS: Final = {
    tuple(words.split()): Verb(action, tuple(hazards.split()), undone)
    for several, action, hazards, undone in _ROWS
    for words in several.split(", ")
}
STARTS: Final = frozenset(words[0] for words in VERBS) | {"SELECT", "WITH", "BEGIN", "EXPLAIN"}
"""How any statement begins."""
_LONGEST: Final = max(map(len, VERBS))
ROWS: Final = frozenset(
    {"SELECT", "WITH", "VALUES", "TABLE", "FROM", "(", "INSERT", "REPLACE", "UPDATE", "DELETE"}
    | {"MERGE", "UPSERT"}
)
"""How statements about rows begin: the parser reads them."""

STRUCTURE: Final = frozenset({MIGRATE, GRANT, DROP})
"""Statements in which words that act may be names of rights or of clauses."""

EXPLAINED: Final = frozenset(
    {"SELECT", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "CREATE", "EXECUTE"}
    | {"VALUES", "DECLARE", "ALTER", "DROP", "CALL", "EXEC", "REFRESH"}
)
"""How what is explained begins."""

INSIDE: Final = frozenset({"BEGIN", "ELSE", "THEN", "LOOP", "AS", "IS", "ATOMIC"})
"""How a piece of a procedure may begin, with a statement behind."""

BLOCKS: Final = frozenset(
    {"IF", "ELSEIF", "ELSIF", "WHILE", "FOR", "FOREACH", "REPEAT", "WHEN", "EXCEPTION", "RETURN"}
    | {"CASE", "LET", "RAISE", "DELIMITER", "ITERATE", "LEAVE", "SIGNAL", "GOTO", "EXIT", "THROW"}
)
"""How other pieces of a procedure begin: what they do, their other words say."""

DEFINED: Final = frozenset(
    {"PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "EVENT", "TASK", "RULE", "VIEW", "PACKAGE"}
    | {"MACRO", "TYPE", "SCRIPT", "AGGREGATE", "STREAMLIT", "ALERT", "PIPE", "POLICY"}
)
"""What has a body that is kept, and not run now."""

KINDS: Final = frozenset(
    {"TABLE", "TABLES", "DATABASE", "SCHEMA", "VIEW", "INDEX", "USER", "ROLE", "LOGIN", "SEQUENCE"}
    | {"FUNCTION", "PROCEDURE", "TRIGGER", "TYPE", "EXTENSION", "WAREHOUSE", "STAGE", "STREAM"}
    | {"TASK", "PIPE", "CATALOG", "TABLESPACE", "POLICY", "COLUMN", "DATASET", "MODEL", "VOLUME"}
    | {"IF", "NOT", "EXISTS", "ONLY", "OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL"}
    | {"LOCAL", "EXTERNAL", "MATERIALIZED", "UNIQUE", "CLUSTERED", "CONCURRENTLY", "TRANSIENT"}
    | {
        "VIRTUAL",
        "RECURSIVE",
        "FORCE",
        "SNAPSHOT",
        "FOREIGN",
        "ALL",
        "IN",
        "DATA",
        "INTO",
        "IMMEDIATE",
    }
)
"""What may stand between the verb and the name of a thing."""

ACTS: Final = {
    "DELETE": DELETE,
    "UPDATE": UPDATE,
    "INSERT": INSERT,
    "MERGE": UPDATE,
    "UPSERT": INSERT,
    "DROP": DROP,
    "TRUNCATE": DROP,
    "ALTER": MIGRATE,
    "CREATE": MIGRATE,
    "GRANT": GRANT,
    "REVOKE": GRANT,
    "EXEC": QUERY,
    "EXECUTE": QUERY,
    "CALL": QUERY,
    "BACKUP": BACKUP,
    "RESTORE": RESTORE,
    "SHUTDOWN": QUERY,
    "KILL": QUERY,
    "WAITFOR": QUERY,
    "RECONFIGURE": QUERY,
}
"""Words that do something wherever they stand, unless they are a name or a call there."""

RUNS_TEXT: Final = frozenset({"DO", "EXEC", "EXECUTE", "PREPARE", "CALL"})
"""How statements begin that may run a statement they have as text."""

NAMES_AT: Final = {
    **dict.fromkeys(("GRANT", "REVOKE", "DENY", "COMMENT"), "ON"),
    **dict.fromkeys(("LOAD", "IMPORT"), "INTO"),
    **dict.fromkeys(("DROP", "TRUNCATE", "ALTER", "CREATE", "RENAME", "COPY", "DESCRIBE"), ""),
    **dict.fromkeys(("DESC", "CALL", "EXEC", "EXECUTE", "USE", "ATTACH", "ANALYZE"), ""),
    **dict.fromkeys(("VACUUM", "REFRESH", "LOCK", "HANDLER", "OPTIMIZE", "REINDEX"), ""),
    "BULK": "INSERT",
}
"""Behind which word a statement names what it is about: its first one, or another."""

ALONE: Final = frozenset({"SHUTDOWN", "RECONFIGURE"})
"""Those that need nothing behind them."""

PLAIN_ACTS: Final = {
    ("DELETE", "FROM"): DELETE,
    ("INSERT", "INTO"): INSERT,
    ("DROP", "TABLE"): DROP,
    ("DROP", "DATABASE"): DROP,
    ("DROP", "SCHEMA"): DROP,
    ("TRUNCATE", "TABLE"): DROP,
}
"""Pairs that nothing else can mean."""

NAMES_AFTER: Final = frozenset({".", "AS"})
"""What makes a name of the word behind it."""

CLAUSES_AFTER: Final = frozenset({"FOR", "KEY", "DO"})
"""What makes a clause of an `UPDATE` behind it."""

NO_NAMES: Final = frozenset(
    {
        "FROM",
        "AS",
        "WAIT",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "LIKE",
        "BETWEEN",
        "THEN",
        "ELSE",
        "END",
        "WHEN",
    }
    | {"WHERE", "GROUP", "ORDER", "BY", "HAVING", "LIMIT", "OFFSET", "FETCH", "UNION", "ALL", "SET"}
    | {"EXCEPT", "INTERSECT", "ON", "USING", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL"}
    | {"CROSS", "NATURAL", "ASC", "DESC", "NULLS", "NOWAIT", "SKIP", "OF", "COLUMN", "OVER"}
)
"""Words that can't be the name of what is acted on."""

OWNER: Final = frozenset(
    {"ALL", "SUPERUSER", "SUPER", "ADMIN", "PUBLIC", "OWNERSHIP", "DBA", "SYSADMIN", "OWNER"}
    | {"CREATEROLE", "CREATEDB", "BYPASSRLS", "REPLICATION", "CONTROL", "IMPERSONATE", "OPTION"}
    | {"ACCOUNTADMIN", "SECURITYADMIN", "DB_OWNER", "SYSDBA", "EVERYONE"}
)
"""What gives somebody power over everything, or to pass power on."""

DETAILS: Final = frozenset(
    {"CONSTRAINT", "INDEX", "KEY", "DEFAULT", "PRIMARY", "FOREIGN", "CHECK", "NOT", "IDENTITY"}
    | {"EXPRESSION", "UNIQUE", "STATISTICS", "POLICY", "TAG", "MASKING", "DISTRIBUTION", "REPLICA"}
)
"""What can be dropped from a table without losing data."""

# fmt: off
_FUNCTIONS: Final = (
    ("pg_terminate_backend pg_cancel_backend pg_promote pg_rotate_logfile pg_reload_conf pg_switch_wal", QUERY, "outage"),
    ("system$abort_session system$abort_transaction system$cancel_all_queries system$cancel_query system$wait", QUERY, "outage"),
    ("pg_sleep pg_sleep_for pg_sleep_until sleep benchmark get_lock release_lock pg_advisory_lock pg_advisory_xact_lock dbms_lock.sleep dbms_pipe.receive_message", QUERY, "outage"),
    ("pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_current_logfile load_file readfile lo_get utl_file.fopen dbms_lob.loadfromfile xp_dirtree xp_fileexist xp_subdirs xp_regread", QUERY, "excess_access"),
    ("lo_import lo_export lo_put lo_from_bytea pg_file_write pg_file_rename writefile utl_file.put_line sp_oacreate sp_oamethod xp_regwrite", QUERY, "injection"),
    ("lo_unlink pg_file_unlink pg_drop_replication_slot pg_replication_slot_advance utl_file.fremove xp_delete_file dropgeometrycolumn dropgeometrytable", QUERY, "data_loss"),
    ("dblink dblink_exec dblink_connect dblink_send_query postgres_fdw_get_connections query_to_xml cursor_to_xml table_to_xml database_to_xml openrowset openquery opendatasource utl_http.request utl_smtp utl_tcp utl_inaddr httpuritype xmltype.createxml http_get http_post http net.http_post net.http_get url remote s3 mysql postgresql odbc jdbc hdfs", QUERY, "data_leak"),
    ("set_config setval pg_notify pg_logical_emit_message pg_create_restore_point pg_create_physical_replication_slot pg_create_logical_replication_slot nextval last_value_reset", UPDATE, ""),
    ("sys_exec sys_eval xp_cmdshell sp_execute_external_script dbms_scheduler.create_job dbms_java.runjava executable load_extension eval java_method reflect", EXECUTE, "injection"),
    ("sp_executesql dbms_sql.parse dbms_sql.execute dbms_utility.exec_ddl_statement exec_sql", QUERY, "injection"),
    ("sp_addlogin sp_addsrvrolemember sp_addrolemember sp_configure", GRANT, "privilege_escalation"),
)
# fmt: on

FUNCTIONS: Final = {
    name: Verb(action, tuple(hazards.split()))
    for names, action, hazards in _FUNCTIONS
    for name in names.split()
}
"""Functions and procedures that do more than compute."""

DOING: Final = frozenset(
    {"delete", "drop", "purge", "remove", "create", "update", "send", "exec", "execute", "run"}
    | {"kill", "terminate", "cancel", "revoke", "grant", "import", "export", "write", "notify"}
    | {"archive", "reset", "destroy", "erase", "wipe", "post", "call", "refresh", "enable"}
    | {"disable", "close", "release", "approve", "transfer", "pay", "refund", "charge", "cleanup"}
)
"""A function of the user's whose name begins like this is believed to do so."""

SECRETS: Final = frozenset(
    {"pg_shadow", "pg_authid", "pg_user_mapping", "mysql.user", "sys.sql_logins", "sys.user$"}
    | {"dba_users", "pg_catalog.pg_shadow", "pg_catalog.pg_authid", "syslogins", "sysxlogins"}
)
"""Tables of passwords."""

PRAGMA_LOOKS: Final = frozenset(
    {"TABLE_INFO", "TABLE_XINFO", "TABLE_LIST", "INDEX_LIST", "INDEX_INFO", "INDEX_XINFO"}
    | {"FOREIGN_KEY_LIST", "DATABASE_LIST", "COLLATION_LIST", "FUNCTION_LIST", "PRAGMA_LIST"}
    | {"COMPILE_OPTIONS", "INTEGRITY_CHECK", "QUICK_CHECK", "FOREIGN_KEY_CHECK", "STATS"}
    | {"SHOW", "SHOW_TABLES", "DATABASE_SIZE", "STORAGE_INFO", "VERSION", "PAGE_COUNT"}
)
"""Pragmas that only tell, with or without an argument."""


def verb_of(words: tuple[str, ...]) -> Verb | None:
    """Return what a statement with these leading words does, by the longest row that fits."""
    for length in range(min(_LONGEST, len(words)), 0, -1):
        if words[:length] in VERBS:
            return VERBS[words[:length]]
    return None


ACTIONS: Final = tuple(
    sorted({verb.action for verb in (*VERBS.values(), *FUNCTIONS.values())} | {READ, EXPORT})
)
"""Everything that a statement can turn out to be."""
