"""Actions on messages, identities, and on what agents have of their own, one a row."""

from __future__ import annotations

from typing import Final

# fmt: off
ROWS: Final = (
    # Communication
    ("communication.send_email", "send", "message", "irreversible", 25, "wrong_recipient data_leak", "send email, send mail, email, reply email, forward email, send gmail, reply mail, send draft"),
    ("communication.send_bulk", "send", "message", "irreversible", 30, "wrong_recipient reputation mass_effect", "send newsletter, mass mail, bulk email, broadcast, send broadcast, send campaign, create broadcast, multicast, bulk message"),
    ("communication.send_message", "send", "message", "irreversible", 25, "wrong_recipient data_leak", "send message, send sms, send notification, notify, message, send chat, send slack, send text, push message, send invitation, reply message, reply thread, send direct message, publish message"),
    ("communication.post_public", "send", "post", "irreversible", 40, "reputation data_leak", "create post, publish post, tweet, create tweet, post tweet, retweet, post story, publish article, create status, post review"),
    ("communication.comment", "send", "comment", "reversible", 20, "data_leak reputation", "comment, create comment, add comment, reply comment, reply tweet, create discussion, add reply"),
    ("communication.react", "update", "message", "reversible", 10, "", "react, add reaction, create reaction, like, unlike, star, unstar, follow user, unfollow user, upvote"),
    ("communication.remove_reaction", "delete", "message", "reversible", 10, "", "delete reaction, delete like, delete star"),
    ("communication.call", "send", "call", "irreversible", 35, "wrong_recipient reputation", "call phone, call number, create call, dial, start meeting"),
    ("communication.draft", "create", "message", "reversible", 10, "", "draft email, draft message, create draft, update draft, draft mail, draft gmail"),
    ("communication.read", "read", "message", "harmless", 10, "privacy injection", "read email, read message, read mail, read inbox, read thread, read chat, read channel, read notification, read comment, read discussion, read conversation, read tweet, read post, read sms, read gmail"),
    ("communication.organise", "update", "message", "reversible", 20, "", "mark email, mark message, mark read, label email, label message, add label, star message, snooze email, archive thread, archive message, archive email, move email, update email, update message, edit message, pin message, update label, create filter, mark notification, dismiss notification, organize email, batch update email"),
    ("communication.delete_message", "delete", "message", "irreversible", 45, "data_loss retention", "delete email, delete message, delete mail, delete thread, delete comment, delete draft, delete tweet, delete post, trash email, trash message"),
    ("communication.channel", "update", "channel", "reversible", 25, "data_leak", "create channel, update channel, archive channel, rename channel, create space, join channel, leave channel, create group chat, manage membership"),
    ("communication.delete_channel", "delete", "channel", "irreversible", 45, "data_loss", "delete channel, delete space, delete group chat"),
    ("communication.invite", "grant", "channel", "reversible", 30, "data_leak privilege_escalation", "invite user, add member channel, add participant, invite channel, invite member, invite guest"),
    ("communication.handover", "update", "conversation", "reversible", 10, "", "transfer human, transfer human agent, escalate human, handover, escalate agent"),
    ("communication.read_calendar", "read", "calendar", "harmless", 10, "privacy", "read calendar, read calendar event, read freebusy, read meeting, read agenda"),
    ("communication.schedule", "send", "calendar", "reversible", 25, "wrong_recipient", "create calendar event, create meeting, schedule meeting, create event calendar, update calendar event, reschedule meeting, set reminder, create reminder, set calendar event, send invite, respond event, manage event"),
    ("communication.cancel_meeting", "delete", "calendar", "costly", 30, "wrong_subject", "cancel calendar event, cancel meeting, delete calendar event, delete meeting, delete event, cancel event"),
    ("communication.read_contact", "read", "contact", "harmless", 10, "privacy", "read contact, read address book, read audience, read subscriber"),
    ("communication.update_contact", "update", "contact", "reversible", 25, "wrong_subject privacy", "create contact, update contact, manage contact, add contact, create audience, import contact, update subscriber, create subscriber"),
    ("communication.delete_contact", "delete", "contact", "costly", 40, "data_loss", "delete contact, delete audience, delete subscriber, unsubscribe contact"),
    # Identity
    ("identity.read", "read", "identity", "harmless", 10, "privacy excess_access", "whoami, read me, read role, read permission, read identity, read group, read team, read organization, read access, read current user, read collaborator, read policy, read audit log"),
    ("identity.sign_in", "execute", "identity", "reversible", 25, "privilege_escalation", "login, sign in, authenticate, log in, start auth, initiate auth, authorize oauth, connect account, logout, sign out"),
    ("identity.grant_role", "grant", "identity", "costly", 55, "privilege_escalation", "grant role, add role, grant access, assign role, add permission, create permission, set permission, set role, assign permission, add member, add collaborator, add admin, approve access, transfer ownership, set access, share access, manage access, grant permission, manage collaborator, add user role"),
    ("identity.revoke", "update", "identity", "reversible", 35, "lock_out outage", "revoke role, revoke access, revoke permission, unassign role, revoke token, revoke key, revoke session"),
    ("identity.remove_access", "delete", "identity", "costly", 40, "lock_out", "delete permission, delete role, delete member, delete collaborator, delete access, delete user role"),
    ("identity.secrets", "grant", "identity", "irreversible", 60, "privilege_escalation data_leak", "create api key, create token, create access token, generate token, create admin token, rotate key, rotate secret, rotate credential, create secret, update secret, generate api key, export password, create credential, create access key, store password, share password, regenerate token"),
    ("identity.read_secrets", "grant", "identity", "costly", 45, "privilege_escalation data_leak", "read secret, read password, read credential, read api key, read private key, read access key, read connection string"),
    ("identity.delete_secrets", "delete", "identity", "irreversible", 50, "lock_out outage", "delete api key, delete token, delete secret, delete access key, delete credential, delete password"),
    ("identity.create_user", "create", "identity", "reversible", 40, "privilege_escalation", "create user, register user, add user, create service account, create member, signup user, provision user"),
    ("identity.disable_user", "update", "identity", "reversible", 40, "lock_out wrong_subject", "disable user, suspend user, lock user, ban user, block user, suspend account, disable account, lock account"),
    ("identity.reset_password", "update", "identity", "costly", 50, "lock_out privilege_escalation", "reset password, change password, update password, set password, unlock account, recover account"),
    ("identity.change_policy", "update", "identity", "costly", 55, "privilege_escalation lock_out", "update iam policy, attach policy, detach policy, update role, disable mfa, enable mfa, disable two factor, enable two factor, update security policy, manage security policy, set branch protection, protect branch, unprotect branch"),
    ("identity.group", "update", "identity", "reversible", 35, "privilege_escalation", "create group, update group, create team, update team"),
    ("identity.delete_group", "delete", "identity", "costly", 45, "lock_out data_loss", "delete group, delete team"),
    ("identity.impersonate", "grant", "identity", "irreversible", 60, "privilege_escalation unauthorised_transaction", "impersonate, assume role, switch user, act as user, become user"),
    # Memory
    ("memory.read", "read", "memory", "harmless", 5, "injection outdated_information", "read memory, recall, recall memory, search memory, read knowledge graph, read graph, read node graph"),
    ("memory.write", "update", "memory", "reversible", 20, "injection privacy", "write memory, save memory, add memory, remember, create memory, update memory, store memory, create entity, create relation, add observation"),
    ("memory.delete", "delete", "memory", "irreversible", 30, "data_loss", "delete memory, forget, clear memory, delete entity, delete observation, delete relation"),
    # Agents
    ("agents.handoff", "update", "agent", "reversible", 10, "", "handoff, hand off, delegate"),
    ("agents.read", "read", "agent", "harmless", 5, "", "read agent, read assistant, read task agent"),
    ("agents.run", "execute", "agent", "costly", 35, "scope_creep spend injection", "run agent, call agent, start agent, spawn agent, create subagent, invoke agent, task agent, launch agent, call actor, run actor"),
    ("agents.create", "create", "agent", "reversible", 35, "scope_creep privilege_escalation", "create agent, create assistant, create bot, create actor"),
    ("agents.configure", "update", "agent", "costly", 45, "privilege_escalation wrong_logic", "update agent, configure agent, update prompt, set prompt, update system prompt, update assistant"),
    ("agents.stop", "execute", "agent", "reversible", 25, "", "stop agent, abort agent, cancel agent, abort run, cancel run, abort actor, interrupt agent"),
    ("agents.delete", "delete", "agent", "irreversible", 50, "data_loss", "delete agent, delete assistant, delete bot"),
    ("agents.ask", "read", "agent", "harmless", 10, "data_leak injection", "ask model, ask question, ask copilot, chat model, ask assistant, query llm"),
    # Model Context Protocol
    ("mcp.read", "read", "mcp", "harmless", 5, "injection", "list tool, describe tool, read tool, read mcp resource, read prompt, discover tool, search tool, read mcp server"),
    ("mcp.call", "execute", "mcp", "irreversible", 45, "injection scope_creep", "call tool, invoke tool, execute tool, run tool, use tool, resume tool operation, call mcp"),
    ("mcp.install", "update", "mcp", "costly", 55, "supply_chain privilege_escalation", "install mcp, add mcp server, install server, register mcp, connect mcp server, enable mcp server, add tool, create tool, enable toolset, enable tool"),
    ("mcp.disable", "update", "mcp", "reversible", 30, "outage", "disable mcp server, disable tool, disable toolset"),
    ("mcp.remove", "delete", "mcp", "costly", 40, "outage", "delete mcp, delete tool, delete mcp server"),
)
# fmt: on
