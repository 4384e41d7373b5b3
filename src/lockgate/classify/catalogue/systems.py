"""Actions on databases, files, infrastructure, code and devices, one a row."""

from __future__ import annotations

from typing import Final

# fmt: off
ROWS: Final = (
    # Databases
    ("database.read", "read", "database", "harmless", 10, "excess_access", "select row, read table, read row, read database, read schema, read column, read record, read collection, read index, read keyspace, explain query, explain sql"),
    ("database.query", "execute", "database", "irreversible", 45, "data_loss injection excess_access", "query database, run sql, execute sql, query sql, execute query, run query, execute statement, execute cypher, run transaction"),
    ("database.insert", "create", "database", "costly", 30, "duplicate incorrect_amount", "insert row, insert record, append row, insert document, insert many, upsert vector, upsert record, write record, insert data"),
    ("database.update", "update", "database", "costly", 35, "data_loss mass_effect", "update row, update table, update record, update many, upsert row, replace record, update collection"),
    ("database.delete", "delete", "database", "irreversible", 55, "data_loss mass_effect retention", "delete row, delete record, delete many, delete entry"),
    ("database.drop", "delete", "database", "irreversible", 60, "data_loss outage", "drop table, drop database, drop collection, drop schema, drop index, truncate table, flush database"),
    ("database.migrate", "update", "database", "irreversible", 50, "data_loss outage", "alter table, alter schema, migrate schema, migrate database, run migration, apply migration, complete migration, create table, create schema, create index, create collection, create database, rename column, rename table"),
    ("database.grant", "grant", "database", "costly", 55, "privilege_escalation data_leak", "grant table, grant database, create database token, create database user, grant privilege"),
    ("database.export", "send", "database", "irreversible", 45, "data_leak privacy excess_access", "export table, export database, dump database, export collection, export query"),
    ("database.backup", "create", "database", "reversible", 25, "", "backup database, create backup, create snapshot"),
    ("database.restore", "update", "database", "irreversible", 50, "data_loss outage", "restore database, restore backup, restore snapshot, reset branch, reset database"),
    # Files
    ("files.read", "read", "file", "harmless", 10, "privacy excess_access", "read file, read directory, read folder, read attachment, read blob, read drive, read workbook, read sheet"),
    ("files.write", "update", "file", "costly", 30, "data_loss", "write file, edit file, update file, save file, create file, append file, patch file, put object, write text, insert line, replace text"),
    ("files.create_folder", "create", "file", "reversible", 15, "", "create directory, create folder, mkdir"),
    ("files.move", "update", "file", "costly", 30, "data_loss", "move file, rename file, move directory, rename directory, move folder, rename folder, mv"),
    ("files.copy", "create", "file", "reversible", 20, "", "copy file, duplicate file, copy directory, copy folder, cp"),
    ("files.delete", "delete", "file", "irreversible", 50, "data_loss retention", "delete file, delete directory, delete folder, delete attachment, delete object, rm, rmdir, empty trash"),
    ("files.share", "grant", "file", "costly", 45, "data_leak privacy privilege_escalation", "share file, share folder, share drive, create link, create share link, create shared link, set file permission, chmod, chown"),
    ("files.upload", "send", "file", "costly", 30, "data_leak data_loss", "upload file, upload attachment, upload folder, upload image, upload media, upload document, upload object, upload artifact"),
    ("files.download", "create", "file", "reversible", 20, "injection supply_chain", "download file, download attachment, download folder, download image, save attachment, download artifact"),
    # Infrastructure
    ("infrastructure.read", "read", "infrastructure", "harmless", 10, "", "read instance, read bucket, read log, read cluster, read pod, read node, read server, read deployment, read metric, read trace, read alert, read dashboard, read environment, read resource, read worker, read event, read queue, read volume, read container, read zone, read dns, kubectl describe, kubectl get"),
    ("infrastructure.create", "create", "infrastructure", "costly", 40, "spend misconfiguration", "create instance, create cluster, create server, create bucket, create worker, create container, create queue, create volume, create node, create pod, provision, launch instance, create environment, create namespace"),
    ("infrastructure.scale", "update", "infrastructure", "costly", 45, "spend outage", "scale, autoscale, resize cluster, resize instance, scale deployment"),
    ("infrastructure.configure", "update", "infrastructure", "costly", 45, "misconfiguration outage", "configure, set config, update config, update setting, set setting, update security group, update instance, update cluster, update bucket, update server, update policy, set variable, update variable, create variable, patch resource, apply manifest, kubectl apply, kubectl patch, install helm, upgrade helm, manage setting"),
    ("infrastructure.network", "update", "infrastructure", "costly", 50, "outage misconfiguration lock_out", "update dns, update dns record, create dns, create record dns, update firewall, create firewall rule, block domain, unblock domain, update route, create route, port forward"),
    ("infrastructure.delete_network", "delete", "infrastructure", "costly", 55, "outage lock_out", "delete dns, delete firewall, delete route, delete record dns"),
    ("infrastructure.deploy", "execute", "infrastructure", "costly", 45, "outage misconfiguration supply_chain", "deploy, deploy application, create deployment, promote deployment, rollout, apply run, publish site"),
    ("infrastructure.rollback", "execute", "infrastructure", "costly", 45, "outage outdated_information", "rollback, rollback deployment, revert deployment, undo rollout"),
    ("infrastructure.start", "execute", "infrastructure", "reversible", 30, "spend", "start instance, start server, start container, start cluster, start service, start job, resume instance"),
    ("infrastructure.stop", "execute", "infrastructure", "costly", 45, "outage", "stop instance, stop server, stop container, stop cluster, stop service, shutdown, halt server, suspend instance, stop process, kill process, drain node, cordon node"),
    ("infrastructure.restart", "execute", "infrastructure", "costly", 40, "outage", "restart, reboot, restart server, restart service, reload server, recycle pool"),
    ("infrastructure.terminate", "delete", "infrastructure", "irreversible", 55, "outage data_loss", "terminate, terminate instance, delete instance, delete bucket, delete cluster, delete server, delete container, delete environment, delete resource, delete worker, delete queue, delete volume, delete pod, delete namespace, delete deployment, kubectl delete, uninstall helm, destroy stack, destroy infrastructure"),
    ("infrastructure.snapshot", "create", "infrastructure", "reversible", 20, "spend", "create machine image, snapshot volume, snapshot instance"),
    ("infrastructure.alert", "update", "infrastructure", "reversible", 30, "misconfiguration", "create alert, update alert, create alert rule, update alert rule, mute alert, acknowledge alert, create monitor, setup alert, silence alert"),
    ("infrastructure.delete_alert", "delete", "infrastructure", "costly", 40, "misconfiguration", "delete alert, delete alert rule, delete monitor"),
    ("infrastructure.incident", "update", "incident", "reversible", 25, "missing_context", "create incident, update incident, resolve incident, acknowledge incident, close incident"),
    # Code
    ("code.read", "read", "code", "harmless", 10, "injection", "read repository, read commit, read branch, read code, read diff, read pull request, read merge request, read release, read tag, read pipeline, read workflow, read build, read gist, read blame, git log, git diff, git status, git show, git blame, review code"),
    ("code.inspect", "read", "host", "harmless", 10, "excess_access", "read process, check command, lint, validate code, check syntax, analyze code, read session"),
    ("code.execute", "execute", "host", "irreversible", 50, "injection data_loss data_leak", "run code, execute code, run python, execute python, python repl, python interpreter, code interpreter, run command, execute command, execute terminal, run script, execute script, evaluate script, evaluate javascript, run javascript, shell, bash, terminal, powershell, exec, eval, start process, interact process, execute shell, run terminal, ssh execute, kubectl exec"),
    ("code.write", "update", "code", "costly", 30, "wrong_logic supply_chain", "commit, create commit, push file, edit code, write code, edit block, apply patch, git add, git commit, git stash"),
    ("code.push", "send", "code", "costly", 35, "data_leak supply_chain", "git push, push commit, push branch, push repository, push code"),
    ("code.branch", "create", "code", "reversible", 15, "", "create branch, git branch, create tag, git tag, fork repository, clone repository, git clone, git init, git worktree, checkout branch, git checkout, git fetch, git pull"),
    ("code.propose", "create", "code", "reversible", 20, "supply_chain", "create pull request, create merge request, update pull request, update merge request, open pull request"),
    ("code.review", "update", "code", "reversible", 25, "wrong_logic missing_context", "create review, submit review, add review comment, request review, approve pull request, approve merge request, dismiss review"),
    ("code.merge", "update", "code", "costly", 40, "supply_chain outage", "merge pull request, merge merge request, merge branch, git merge, git rebase, cherry pick"),
    ("code.revert", "update", "code", "costly", 40, "data_loss", "git reset, git revert, revert commit, restore file, git restore, git clean"),
    ("code.release", "send", "code", "irreversible", 45, "supply_chain reputation", "create release, publish package, publish release, release package, npm publish"),
    ("code.pipeline", "execute", "code", "costly", 35, "spend supply_chain outage", "run workflow, trigger workflow, run pipeline, create pipeline, retry pipeline, cancel pipeline, run build, trigger build, retry job, play job, run actions, rerun workflow"),
    ("code.test", "execute", "host", "reversible", 25, "injection spend", "run test, run tests, execute test, run suite"),
    ("code.install", "execute", "host", "costly", 40, "supply_chain injection", "install package, install dependency, pip install, npm install, apt install, add package, install plugin, install extension"),
    ("code.create_repository", "create", "code", "reversible", 25, "data_leak", "create repository, create project, create gist, create repo"),
    ("code.delete_branch", "delete", "code", "costly", 40, "data_loss", "delete branch, delete tag, delete release, delete gist"),
    ("code.delete_repository", "delete", "code", "irreversible", 60, "data_loss outage", "delete repository, delete repo, delete project"),
    # Devices
    ("devices.read", "read", "device", "harmless", 5, "privacy", "read device, read sensor, read camera, read lock, read light, read state"),
    ("devices.control", "execute", "device", "costly", 35, "physical_harm wrong_subject", "control device, set device, turn light, set temperature, set thermostat, lock door, control light, call service, start engine, press brake, schedule device"),
    ("devices.unlock", "grant", "device", "costly", 50, "physical_harm privilege_escalation", "unlock door, open door, open garage, unlock"),
)
# fmt: on
