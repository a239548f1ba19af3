import { Migration } from '@mikro-orm/migrations';

/** Attempts that were taken for dead are told apart from those that took their place; old refusals are found. */
export class FencesMigration extends Migration {
  override up(): void {
    this.addSql('alter table requests add column token text');
    this.addSql("create index outcomes_refused on outcomes (created_at) where outcome = 'refused'");
  }
}
