/**
 * What other services are told of the waitlist: triggers note every entry that is made or ends, and every offer, whatever
 * statement it was.
 */

const waitlistFacts = `
  create function waitlist_facts(e waitlist_entries) returns jsonb language sql stable as $$
    select jsonb_build_object('entryId', e.id, 'eventId', e.event_id, 'userId', e.user_id, 'quantity', e.quantity,
      'category', e.category, 'together', e.together, 'missedOffers', e.skipped, 'joinedAt', instant_text(e.created_at))
  $$`;

const noteEntry = `
  create function note_waitlist_entry() returns trigger language plpgsql as $$
  declare
    facts jsonb := waitlist_facts(new);
  begin
    if tg_op = 'INSERT' then
      insert into domain_changes (type, subject, event_id, data) values ('waitlist.joined.v1', new.id, new.event_id, facts);
    elsif new.state <> old.state and new.ended_at is not null then
      insert into domain_changes (type, subject, event_id, data)
      values ('waitlist.' || new.state || '.v1', new.id, new.event_id, facts || jsonb_build_object(
        'reason', nullif(new.reason, ''), 'endedAt', instant_text(new.ended_at)));
    end if;
    return null;
  end $$`;

const noteOffer = `
  create function note_waitlist_offer() returns trigger language plpgsql as $$
  begin
    insert into domain_changes (type, subject, event_id, data)
    select 'waitlist.offered.v1', e.id, e.event_id, waitlist_facts(e) || jsonb_build_object('holdId', new.hold_id,
      'seats', to_jsonb(new.seats), 'totalCents', new.total_cents, 'offeredAt', instant_text(new.offered_at),
      'until', instant_text(new.until))
    from waitlist_entries as e where e.id = new.entry_id;
    return null;
  end $$`;

const noted = [
  `create trigger waitlist_entries_noted after insert or update of state on waitlist_entries
   for each row execute function note_waitlist_entry()`,
  `create trigger waitlist_offers_noted after insert on waitlist_offers
   for each row execute function note_waitlist_offer()`,
];

/** After `eventTrigger`, whose function writes moments. */
export const waitlistTriggers: readonly string[] = [waitlistFacts, noteEntry, noteOffer, ...noted];
