/**
 * The tables of the simulated provider, as a migration creates them: never changed once that is released.
 * In a file of its own, which imports nothing, because the migrations are part of what the ledger imports.
 */
export const simulatedPaymentTables: readonly string[] = [
  `create table if not exists simulated_payments (
    id text primary key,
    state text not null check (state in ('created', 'pending', 'authorised', 'declined', 'captured', 'refunded', 'voided')),
    version integer not null default 0,
    amount_cents bigint not null check (amount_cents > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    method text,
    hold_id text not null,
    event_id text not null,
    user_id text not null,
    decline_code text,
    refunded_cents bigint not null default 0 check (refunded_cents between 0 and amount_cents),
    faults integer not null default 0,
    settles_at timestamptz,
    settles_as text check (settles_as in ('authorised', 'declined')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((state = 'refunded') = (refunded_cents = amount_cents))
  )`,
  'create index if not exists simulated_payments_by_hold on simulated_payments (hold_id)',
  `create table if not exists simulated_payment_calls (
    key text primary key,
    operation text not null check (operation in ('start', 'authorise', 'capture', 'void', 'refund')),
    payment_id text not null,
    fingerprint text not null,
    amount_cents bigint not null,
    at timestamptz not null
  )`,
  'create index if not exists simulated_payment_calls_of on simulated_payment_calls (payment_id)',
];
