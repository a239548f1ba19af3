/** What mails leave by: a server that speaks SMTP, or, in development, a folder. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer, { type SendMailOptions } from 'nodemailer';

export type MailSettings =
  | { readonly smtpUrl: string; readonly from: string }
  /** Each mail is a file `.eml`, which mail programs open. */
  | { readonly folder: string; readonly from: string };

export interface Mailer {
  /** Resolves once somebody else is responsible for the mail. Rejects with what the library throws. */
  send(mail: SendMailOptions): Promise<void>;
  close(): void;
}

const connectMs = 10_000;
/** Of silence in the middle of a conversation. */
const silenceMs = 20_000;

/** Headers and files come from us alone: no text of somebody's may name a file or an address to be read. */
const guarded = { disableFileAccess: true, disableUrlAccess: true };

export function openMailer(settings: MailSettings, connections: number): Mailer {
  const { from } = settings;
  if ('folder' in settings) return folderMailer(settings.folder, from);
  const transport = nodemailer.createTransport(
    {
      url: settings.smtpUrl,
      pool: true,
      maxConnections: connections,
      connectionTimeout: connectMs,
      greetingTimeout: connectMs,
      dnsTimeout: connectMs,
      socketTimeout: silenceMs,
      ...guarded,
    },
    { from },
  );
  // A connection of the pool that breaks is told to whoever was sending by it.
  transport.on('error', () => undefined);
  return {
    send: async (mail) => void (await transport.sendMail(mail)),
    close: () => transport.close(),
  };
}

function folderMailer(folder: string, from: string): Mailer {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true, ...guarded }, { from });
  return {
    async send(mail) {
      const { message } = await transport.sendMail(mail);
      mkdirSync(folder, { recursive: true });
      // Under the id of the mail: one that is sent again takes the place of the first.
      const name = String(mail.messageId).replaceAll(/[^\w-]+/g, '_');
      const path = join(folder, `${name.replaceAll(/^_|_$/g, '')}.eml`);
      writeFileSync(`${path}.part`, message as Buffer);
      renameSync(`${path}.part`, path);
    },
    close: () => undefined,
  };
}
