package emulator

import "time"

// plantMail fills the three inboxes with a morning's mail, newest an hour ago.
func (e *Emulator) plantMail(now time.Time) {
	mara, tomas, ines := e.findUser("mara"), e.findUser("tomas"), e.findUser("ines")
	if mara == nil || tomas == nil || ines == nil {
		return
	}
	at := func(u *user) Address { return Address{u.DisplayName, u.Mail} }
	northwind := Address{"Northwind Supplies", "billing@northwind.example"}
	harbour := Address{"Harbour Logistics", "dispatch@harbour-logistics.example"}
	alerts := Address{"Monitoring", "alerts@ops.fabrikam-tools.example"}
	put := func(to *user, hours int, read bool, m Mail) {
		m.Received, m.IsRead, m.To = now.Add(-time.Duration(hours)*time.Hour), read, []Address{at(to)}
		e.put(e.mailboxes[to.ObjectID], "inbox", m, m.Received)
	}
	invoice := []Attachment{{Name: "invoice-20417.txt", ContentType: "text/plain", Content: []byte("Invoice 20417\r\nPaper, 40 boxes: 612.00 EUR\r\nDue in 30 days.\r\n")}}
	put(mara, 1, false, Mail{
		Subject: "Invoice 20417 for your order of 40 boxes", From: northwind, Attachments: invoice, Categories: []string{"Invoices"},
		Body: "Dear Ms Lindqvist,\r\n\r\nPlease find our invoice 20417 over 612.00 EUR attached. It is due in 30 days.\r\n\r\nKind regards\r\nNorthwind Supplies",
	})
	put(mara, 3, false, Mail{
		Subject: "Two deliveries without a purchase order", From: at(tomas),
		Body: "Hi Mara,\r\n\r\nHarbour brought two pallets this morning that I can't match with any order. Do you know more?\r\n\r\nTomas",
	})
	put(mara, 20, true, Mail{
		Subject: "Payment run on Thursday", From: at(ines), Importance: "high",
		Body: "Mara, the bank moves its cut-off to 14:00 this week. Please release the run before noon. Ines",
	})
	put(mara, 26, true, Mail{
		Subject: "Your statement for last month", From: northwind, BodyType: "html",
		Body: "<html><body><p>Dear customer,</p><p>your open balance is <b>1,284.50 EUR</b>.</p><ul><li>20388: 672.50</li><li>20417: 612.00</li></ul></body></html>",
	})
	put(mara, 50, true, Mail{Subject: "Lunch on Friday?", From: at(tomas), Body: "The place by the canal is open again. 12:30?"})
	put(tomas, 2, false, Mail{
		Subject: "Delivery note HL-7731", From: harbour,
		Body: "Delivery HL-7731, two pallets, unloaded at gate 3 at 07:40. Reference: Northwind 20417.",
	})
	put(tomas, 4, false, Mail{
		Subject: "RE: Two deliveries without a purchase order", From: at(mara),
		Body: "I think they belong to Northwind's order from last week. I'll check the invoice and come back to you.\r\n\r\nMara",
	})
	put(tomas, 9, true, Mail{
		Subject: "Disk on print-02 at 91 %", From: alerts, Importance: "high",
		Body: "Host: print-02\r\nVolume: /var/spool\r\nUsed: 91 %\r\nSince: 05:12 UTC",
	})
	put(tomas, 30, true, Mail{Subject: "New badge reader at gate 3", From: at(ines), Body: "The old reader is replaced tomorrow at 10:00. Gate 3 stays open meanwhile."})
	put(ines, 1, false, Mail{Subject: "Recovered: disk on print-02", From: alerts, Body: "Host: print-02\r\nVolume: /var/spool\r\nUsed: 44 %"})
	put(ines, 6, false, Mail{
		Subject: "Please approve: Latchkey", From: at(mara),
		Body: "Hi Ines,\r\n\r\nfor the invoice workflow we need the new app to read the accounts mailbox. Could you have a look?\r\n\r\nThanks, Mara",
	})
	put(ines, 28, true, Mail{
		Subject: "Renewal of your support contract", From: Address{"Contoso Care", "renewals@contoso-care.example"}, BodyType: "html",
		Body: "<html><body><p>Your contract ends in 60 days.</p><p>Reply to this message to renew it.</p></body></html>",
	})
	e.put(e.mailboxes[mara.ObjectID], "sentitems", Mail{
		Subject: "RE: Two deliveries without a purchase order", From: at(mara), To: []Address{at(tomas)}, IsRead: true, Received: now.Add(-4 * time.Hour),
		Body: "I think they belong to Northwind's order from last week. I'll check the invoice and come back to you.\r\n\r\nMara",
	}, now.Add(-4*time.Hour))
}
