"""Actions of office work, of connected services, on data and on the web, one a row."""

from __future__ import annotations

from typing import Final

# fmt: off
ROWS: Final = (
    # Enterprise workflow: tickets
    ("enterprise.read_ticket", "read", "ticket", "harmless", 5, "privacy", "read ticket, read issue, read task, read case, read incident ticket, read work item, read milestone, read sprint, read board, read project, read epic"),
    ("enterprise.create_ticket", "create", "ticket", "reversible", 20, "duplicate", "create ticket, create issue, create task, create case, create work item, post issue, create milestone, create sprint, create epic"),
    ("enterprise.update_ticket", "update", "ticket", "reversible", 25, "wrong_subject", "update ticket, update issue, update task, update case, assign ticket, assign issue, transition issue, update work item, label issue, edit ticket, edit issue, move card, update milestone, update project, manage task, write issue, edit incident"),
    ("enterprise.close_ticket", "update", "ticket", "reversible", 25, "wrong_logic", "close ticket, close issue, resolve ticket, complete task, close case, resolve issue, mark task, reopen issue"),
    ("enterprise.delete_ticket", "delete", "ticket", "irreversible", 45, "data_loss retention", "delete ticket, delete issue, delete task, delete case, delete work item, delete milestone"),
    # Approvals
    ("enterprise.read_approval", "read", "approval", "harmless", 5, "", "read approval, read approval request, read pending approval"),
    ("enterprise.request_approval", "send", "approval", "reversible", 20, "", "request approval, create approval, create approval request, submit approval"),
    ("enterprise.approve", "grant", "approval", "costly", 55, "wrong_logic missing_context privilege_escalation", "approve, approve request, approve expense, approve leave, approve deployment, approve invoice, sign off, authorize request"),
    ("enterprise.reject", "update", "approval", "costly", 40, "wrong_logic missing_context", "reject, reject request, decline request, deny request, reject expense, reject leave"),
    # Contracts
    ("enterprise.read_contract", "read", "contract", "harmless", 10, "privacy excess_access", "read contract, read agreement, read lease, read policy document"),
    ("enterprise.draft_contract", "create", "contract", "reversible", 25, "wrong_logic", "draft contract, create contract, create agreement, draft agreement, create proposal, generate contract"),
    ("enterprise.update_contract", "update", "contract", "costly", 40, "commitment wrong_subject", "update contract, amend contract, renew contract, update agreement, extend contract"),
    ("enterprise.sign_contract", "grant", "contract", "irreversible", 60, "commitment wrong_logic", "sign contract, sign agreement, sign document, execute contract, accept offer, sign envelope, accept proposal"),
    ("enterprise.send_contract", "send", "contract", "irreversible", 45, "commitment wrong_recipient data_leak", "send contract, send agreement, send proposal, send envelope, send offer"),
    ("enterprise.terminate_contract", "delete", "contract", "irreversible", 60, "commitment partner_damage", "terminate contract, cancel contract, terminate agreement, cancel agreement"),
    # Purchasing and accounts
    ("enterprise.read_purchase_order", "read", "purchase order", "harmless", 5, "", "read purchase order, read requisition, read vendor, read supplier"),
    ("enterprise.create_purchase_order", "create", "purchase order", "costly", 40, "commitment incorrect_amount duplicate", "create purchase order, create requisition, submit purchase order, raise purchase order"),
    ("enterprise.approve_purchase_order", "grant", "purchase order", "costly", 55, "commitment incorrect_amount threshold_splitting", "approve purchase order, approve requisition"),
    ("enterprise.cancel_purchase_order", "update", "purchase order", "costly", 40, "partner_damage wrong_subject", "cancel purchase order, cancel requisition, update purchase order"),
    ("enterprise.change_vendor", "update", "vendor", "costly", 50, "unauthorised_transaction wrong_subject", "create vendor, update vendor, update vendor bank, update supplier, create supplier, update bank account, change bank detail"),
    ("enterprise.post_journal", "create", "ledger", "costly", 45, "incorrect_amount wrong_logic retention", "post journal, create journal entry, post ledger, create ledger entry, reconcile account, close period"),
    ("enterprise.submit_expense", "create", "expense", "reversible", 25, "incorrect_amount duplicate", "submit expense, create expense, create expense report, file expense"),
    # People at work
    ("enterprise.read_employee", "read", "employee", "harmless", 10, "privacy excess_access", "read employee, read staff, read salary, read payroll, read candidate, read leave, read timesheet"),
    ("enterprise.hire", "create", "employee", "costly", 45, "commitment privacy", "hire, onboard employee, create employee, create candidate, extend offer, onboard"),
    ("enterprise.update_employee", "update", "employee", "costly", 40, "wrong_subject privacy", "update employee, promote employee, transfer employee, update staff, assign shift, update timesheet"),
    ("enterprise.change_salary", "update", "employee", "costly", 55, "incorrect_amount wrong_subject privacy", "update salary, change salary, set salary, update compensation, grant bonus"),
    ("enterprise.dismiss", "delete", "employee", "irreversible", 60, "wrong_subject lock_out commitment", "terminate employee, offboard employee, dismiss employee, fire employee, deactivate employee, lay off"),
    ("enterprise.run_payroll", "pay", "payroll", "irreversible", 50, "incorrect_amount duplicate mass_effect", "run payroll, submit payroll, process payroll, pay salary, pay employee"),
    ("enterprise.request_leave", "create", "leave", "reversible", 15, "", "request leave, create leave, submit leave, request vacation, book leave"),
    # Documents
    ("enterprise.read_document", "read", "document", "harmless", 5, "privacy", "read document, read page, read wiki, read doc, read note, read spreadsheet, read slide, read presentation, read form, read block, read notebook, read template"),
    ("enterprise.write_document", "update", "document", "reversible", 25, "data_loss", "create document, update document, edit document, create page, update page, create doc, update doc, create note, write note, update note, append block, create wiki, update wiki, create spreadsheet, update cell, write sheet, create presentation, update slide, create form, create sheet, insert text, create notebook, update notebook, format cell"),
    ("enterprise.share_document", "grant", "document", "costly", 45, "data_leak privacy", "share document, share page, share doc, publish page, share spreadsheet, share note, publish document, share notebook"),
    ("enterprise.delete_document", "delete", "document", "irreversible", 50, "data_loss retention", "delete document, delete page, delete doc, delete wiki, delete note, delete spreadsheet, delete sheet, delete block, delete notebook, delete presentation, delete form"),
    ("enterprise.workflow", "execute", "workflow", "costly", 40, "mass_effect wrong_logic", "start workflow process, advance workflow, complete step, trigger automation, run automation, create automation, update automation"),
    # Connected services
    ("integrations.read", "read", "service", "harmless", 10, "rate_limit excess_access terms_of_service", "read integration, read webhook, read app, read connection, read object, read opportunity, read deal, read campaign, read connected service, read api"),
    ("integrations.create", "create", "service", "reversible", 30, "duplicate partner_damage", "create opportunity, create deal, create app, create applet, create campaign, create list item"),
    ("integrations.update", "update", "service", "reversible", 30, "wrong_subject partner_damage", "update object, update opportunity, update deal, update app, update campaign, update applet, upsert object"),
    ("integrations.delete", "delete", "service", "irreversible", 50, "data_loss partner_damage", "delete opportunity, delete deal, delete app, delete campaign, delete applet, delete integration, delete connection"),
    ("integrations.call", "execute", "service", "irreversible", 45, "partner_damage rate_limit data_leak", "call api, api request, request api, invoke api, execute api, run soql, run apex, call endpoint, graphql query, execute graphql"),
    ("integrations.sync", "update", "service", "costly", 35, "mass_effect rate_limit", "sync, synchronize, sync integration, trigger sync, sync data"),
    ("integrations.connect", "grant", "service", "costly", 50, "privilege_escalation data_leak supply_chain", "connect app, connect integration, authorize app, install app, enable integration, create connection, create integration, link account, configure integration"),
    ("integrations.disconnect", "update", "service", "reversible", 35, "outage", "disconnect app, disconnect integration, disable integration, unlink account"),
    ("integrations.create_webhook", "create", "webhook", "reversible", 45, "data_leak injection", "create webhook, update webhook, register webhook, subscribe webhook, create hook, set webhook, create trigger"),
    ("integrations.delete_webhook", "delete", "webhook", "costly", 35, "outage", "delete webhook, delete hook, delete trigger"),
    ("integrations.trigger", "execute", "service", "costly", 40, "mass_effect partner_damage", "trigger webhook, trigger zap, trigger event, fire event, send event, send webhook, emit event"),
    # Data
    ("data.calculate", "read", "nothing", "harmless", 0, "", "calculate, calculator, think, compute, convert unit, convert currency, read time, current time, convert time"),
    ("data.read", "read", "data", "harmless", 5, "excess_access outdated_information", "read data, read dataset, read report, read statistic, read analytics, read weather, read forecast, read map, read location, geocode, read direction, read model, read experiment, read chart, read documentation"),
    ("data.transform", "read", "data", "harmless", 5, "wrong_logic", "summarize, translate, format data, parse data, extract data, classify text, sort data, filter data"),
    ("data.import", "create", "data", "costly", 30, "data_loss injection", "import, import data, load data, ingest, ingest data, import csv, add dataset"),
    ("data.export", "send", "data", "irreversible", 40, "data_leak privacy excess_access", "export, export data, download report, dump, export report, export user, export customer, download data"),
    ("data.share", "grant", "data", "costly", 50, "data_leak privacy", "share data, share report, share dataset, share dashboard, publish dataset"),
    ("data.update", "update", "data", "costly", 30, "data_loss wrong_logic", "update dataset, update data, label data, update model, clean data"),
    ("data.delete", "delete", "data", "irreversible", 55, "data_loss retention", "delete data, delete dataset, purge data, delete model, delete report"),
    ("data.anonymise", "update", "data", "irreversible", 45, "data_loss", "anonymize data, anonymise data, redact data, mask data"),
    ("data.dashboard", "update", "dashboard", "reversible", 25, "wrong_logic", "create dashboard, update dashboard, create chart, update chart, create report, create panel, add chart"),
    ("data.delete_dashboard", "delete", "dashboard", "costly", 40, "data_loss", "delete dashboard, delete chart, delete panel"),
    ("data.train", "execute", "model", "costly", 40, "spend wrong_logic", "train model, finetune model, create experiment, run experiment, start training"),
    # The web
    ("web.read", "read", "web", "harmless", 15, "injection terms_of_service", "read web, read url, read website, read webpage, read html, read news, scrape, crawl, read link, read rss, google search, read article, read video, read browser"),
    ("web.post", "send", "web", "irreversible", 40, "data_leak partner_damage", "http post, post request, submit form, http put, http patch, http request, send request, make request"),
    ("web.delete", "delete", "web", "irreversible", 50, "data_loss partner_damage", "http delete, delete request"),
    ("web.browse", "execute", "browser", "reversible", 20, "injection", "navigate, open url, open page, new tab, open browser, navigate url, navigate page, browser navigate, close page, close browser, new page, close tab"),
    ("web.interact", "execute", "browser", "irreversible", 30, "injection commitment data_leak", "click, click element, type text, fill form, fill, press key, select option, browser click, browser type, input text, drag element, hover, scroll"),
    ("web.capture", "read", "browser", "harmless", 5, "privacy", "screenshot, capture screen, browser snapshot, page snapshot, capture page"),
)
# fmt: on
