"""Actions on money and on what customers buy, one a row; the columns are those of `catalogue`."""

from __future__ import annotations

from typing import Final

# fmt: off
ROWS: Final = (
    # Payments
    ("payments.charge", "pay", "payment", "costly", 35, "unauthorised_transaction incorrect_amount duplicate", "charge, capture payment, create charge, create payment, initiate payment"),
    ("payments.refund", "pay", "payment", "costly", 35, "inappropriate_refund incorrect_amount duplicate", "refund, reimburse, create refund, issue refund"),
    ("payments.transfer", "pay", "payment", "irreversible", 35, "unauthorised_transaction incorrect_amount threshold_splitting", "transfer, wire, remit, send money, send funds, create transfer, withdraw, withdraw money"),
    ("payments.payout", "pay", "payment", "irreversible", 40, "unauthorised_transaction incorrect_amount threshold_splitting", "payout, create payout, disburse, send payout"),
    ("payments.pay_invoice", "pay", "payment", "costly", 35, "duplicate incorrect_amount unauthorised_transaction", "pay, pay invoice, pay bill, make payment, settle invoice"),
    ("payments.deposit", "pay", "payment", "costly", 30, "incorrect_amount duplicate", "deposit, add money, add funds, top up, fund account"),
    ("payments.trade", "pay", "asset", "irreversible", 45, "unauthorised_transaction incorrect_amount outdated_information", "trade, buy stock, sell stock, place trade, make transaction, swap token, exchange currency"),
    ("payments.credit", "pay", "payment", "costly", 30, "inappropriate_refund incorrect_amount", "send certificate, issue credit, issue voucher, create voucher, create credit, create credit note, add credit, store credit"),
    ("payments.request", "create", "payment request", "reversible", 25, "wrong_recipient incorrect_amount", "request money, request payment, create payment link, create payment request"),
    ("payments.void", "update", "payment", "costly", 35, "wrong_subject wrong_logic", "cancel payment, void payment, cancel transfer, cancel payout, cancel transaction, void"),
    ("payments.create_invoice", "create", "invoice", "reversible", 25, "incorrect_amount duplicate", "create invoice, draft invoice, generate invoice"),
    ("payments.send_invoice", "send", "invoice", "irreversible", 25, "incorrect_amount wrong_recipient duplicate", "send invoice, finalize invoice"),
    ("payments.update_invoice", "update", "invoice", "costly", 30, "incorrect_amount wrong_subject", "update invoice, void invoice, cancel invoice, mark invoice"),
    ("payments.delete_invoice", "delete", "invoice", "irreversible", 50, "data_loss retention", "delete invoice"),
    ("payments.subscribe", "create", "subscription", "costly", 35, "unauthorised_transaction commitment", "create subscription, start subscription, subscribe plan"),
    ("payments.update_subscription", "update", "subscription", "costly", 30, "incorrect_amount wrong_subject", "update subscription, upgrade plan, downgrade plan, pause subscription, resume subscription"),
    ("payments.cancel_subscription", "update", "subscription", "costly", 35, "wrong_subject", "cancel subscription, cancel plan"),
    ("payments.add_method", "create", "payment method", "reversible", 35, "unauthorised_transaction privacy", "add card, create card, add payment method, create payment method, attach payment method, register credit card, link card"),
    ("payments.remove_method", "delete", "payment method", "costly", 35, "wrong_subject", "delete card, delete payment method, detach payment method"),
    ("payments.set_limit", "update", "limit", "costly", 45, "unauthorised_transaction privilege_escalation", "set budget, update budget, set budget limit, set spending limit, update limit, increase limit"),
    ("payments.set_price", "update", "price", "costly", 40, "incorrect_amount mass_effect", "set price, update price, create price, change price, create coupon, create discount, update discount"),
    ("payments.dispute", "update", "dispute", "costly", 35, "wrong_logic missing_context", "create dispute, update dispute, close dispute, contest dispute, accept dispute, submit dispute"),
    ("payments.read", "read", "payment", "harmless", 10, "privacy excess_access", "read payment, read transaction, read invoice, read bill, read refund, read payout, read subscription, read card, read dispute, read charge, read settlement, read statement"),
    ("payments.read_balance", "read", "account", "harmless", 5, "", "read balance, account balance"),
    ("payments.quote", "read", "price", "harmless", 5, "outdated_information", "read price, read quote, read exchange rate, calculate shipping, calculate tax"),
    # Orders
    ("orders.read", "read", "order", "harmless", 5, "", "read order, track order, track package, read cart, read shipment"),
    ("orders.create", "create", "order", "costly", 30, "unauthorised_transaction duplicate commitment", "create order, place order, buy, purchase, checkout, checkout cart"),
    ("orders.update", "update", "order", "reversible", 30, "wrong_subject", "update order, exchange order, update pending, exchange delivered, manage order"),
    ("orders.cancel", "update", "order", "costly", 35, "wrong_subject", "cancel order, cancel pending"),
    ("orders.return", "update", "order", "costly", 30, "inappropriate_refund wrong_subject", "return order, return delivered"),
    ("orders.ship", "update", "shipment", "costly", 35, "wrong_subject duplicate", "ship, ship order, fulfill order, fulfil order, create shipment, dispatch order, create shipment label"),
    ("orders.fill_cart", "update", "cart", "reversible", 10, "", "update cart, add cart"),
    ("orders.empty_cart", "delete", "cart", "reversible", 10, "", "delete cart, clear cart"),
    # Bookings
    ("bookings.read", "read", "booking", "harmless", 5, "", "read reservation, read booking, read flight, read availability, read appointment, search hotel, search accommodation"),
    ("bookings.create", "create", "booking", "costly", 30, "unauthorised_transaction duplicate commitment", "book, reserve, create booking, create reservation, create appointment, schedule appointment, purchase insurance"),
    ("bookings.update", "update", "booking", "reversible", 30, "wrong_subject", "update reservation, update booking, reschedule, update appointment, manage appointment"),
    ("bookings.cancel", "update", "booking", "costly", 35, "wrong_subject", "cancel reservation, cancel booking, cancel appointment"),
    # Customers
    ("customers.read", "read", "customer", "harmless", 5, "privacy excess_access", "read user, read customer, read profile, read account, read client, read lead, read patient, read member"),
    ("customers.create", "create", "customer", "reversible", 25, "duplicate privacy", "create customer, create account, create client, create lead, create patient"),
    ("customers.update", "update", "customer", "reversible", 30, "wrong_subject", "update user, update customer, update profile, update address, update account, update client, update lead"),
    ("customers.merge", "update", "customer", "irreversible", 40, "wrong_subject data_loss", "merge customer, merge account, merge lead, merge contact"),
    ("customers.archive", "update", "customer", "reversible", 25, "", "archive customer, deactivate user, archive user, deactivate customer, deactivate account, archive account"),
    ("customers.delete", "delete", "customer", "irreversible", 55, "data_loss retention wrong_subject", "delete customer, delete user, delete account, delete client, delete patient, delete lead"),
    # Stock
    ("products.read", "read", "product", "harmless", 5, "", "read product, read inventory, read stock, read catalog"),
    ("products.create", "create", "product", "reversible", 25, "incorrect_amount", "create product, create variant"),
    ("products.update", "update", "product", "reversible", 30, "incorrect_amount mass_effect", "update product, update inventory, adjust inventory, update stock, update variant"),
    ("products.delete", "delete", "product", "irreversible", 50, "data_loss", "delete product, delete variant"),
)
# fmt: on
