-- Returns secret: what signs the links in mails.
select secret from mail_secret
