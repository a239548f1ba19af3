/**
 * The payment of one hold, in the cart: the form, and what it turns into while the bank is asked. One panel
 * lives as long as its hold, so that what was typed stays when the cart is shown anew.
 */
import type { BuyerAction, Hold } from '../contracts.gen.ts';
import { cardField } from './card-field.ts';
import type { Checkout } from './checkout.ts';
import { type Child, el, fill, icon } from './dom.ts';
import { money } from './format.ts';
import { isWebAddress, type PayStep } from './pay-step.ts';
import { announce } from './toast.ts';

/** After so long it is said that it takes long. */
const patienceMs = 6000;

export class PayPanel {
  readonly element = el('div', { class: 'pay', tabindex: -1 });
  readonly #checkout: Checkout;
  readonly #card = cardField();
  readonly #submit = el('button', { class: 'button button-primary button-wide', type: 'submit' });
  readonly #problem = el('p', { class: 'form-error pay-problem', role: 'alert' });
  readonly #away = el('button', { class: 'button button-quiet', type: 'button', 'data-act': 'pay-back' });
  readonly #form: HTMLFormElement;
  #hold: Hold;
  #shown: PayStep | undefined;
  #slow: ReturnType<typeof setTimeout> | undefined;

  constructor(checkout: Checkout, hold: Hold) {
    this.#checkout = checkout;
    this.#hold = hold;
    this.element.dataset['pay'] = hold.holdId;
    this.#form = this.#makeForm();
    this.#submit.dataset['act'] = 'pay-now';
  }

  /** @param isSettled the hub knows of the payment: the way back is to give the seats up */
  show(hold: Hold, step: PayStep, isSettled: boolean): void {
    this.#hold = hold;
    this.#submit.textContent = this.#checkout.simulated ? `Pay ${this.#sum}` : `Go on to pay ${this.#sum}`;
    this.#away.textContent = isSettled ? 'Give up these seats' : 'Back to your seats';
    this.#away.onclick = () => (isSettled ? void this.#giveUp() : this.#checkout.close(this.#hold));
    if (step === this.#shown) return;
    this.#shown = step;
    clearTimeout(this.#slow);
    const hadFocus = this.element.contains(document.activeElement);
    this.element.dataset['step'] = step.at;
    fill(this.element, ...this.#parts(step));
    if (hadFocus) this.focus();
  }

  focus(): void {
    const field = this.#checkout.simulated ? this.#card.input : this.#submit;
    (this.element.contains(field) ? field : this.element).focus({ preventScroll: true });
  }

  get #sum(): string {
    return money(this.#hold.totalCents, this.#hold.currency);
  }

  #parts(step: PayStep): Child[] {
    switch (step.at) {
      case 'form':
        this.#problem.textContent = step.problem;
        return [this.#form, el('div', { class: 'pay-away' }, this.#away)];
      case 'asking':
        return [this.#asking()];
      case 'waiting':
        return this.#waiting(step.action);
      case 'booking':
        announce('Paid. Booking your seats.');
        return [status('Paid', 'Booking your seats…', 'spin')];
      case 'over':
        announce(step.problem);
        return [status('Not paid', step.problem, 'rest'), el('div', { class: 'pay-away' }, this.#away)];
      default:
        return step satisfies never;
    }
  }

  #makeForm(): HTMLFormElement {
    const { simulated } = this.#checkout;
    const form = el(
      'form',
      { class: 'form pay-form', novalidate: true },
      el(
        'div',
        { class: 'pay-title' },
        icon('lock'),
        el('h3', {}, simulated ? 'Pay by card' : 'Pay online'),
        simulated && el('span', { class: 'tag', 'data-kind': 'muted' }, 'Simulated'),
      ),
      this.#problem,
      simulated ? this.#card.element : undefined,
      this.#submit,
      el(
        'p',
        { class: 'hint pay-note' },
        simulated
          ? 'No money moves here: the bank is simulated.'
          : 'You give your card to the payment provider, never to this page.',
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const method = simulated ? this.#card.read() : undefined;
      if (simulated && method === undefined) return;
      void this.#checkout.pay(this.#hold, method);
    });
    return form;
  }

  #asking(): HTMLElement {
    const text = 'Asking your bank…';
    announce(text);
    const box = status(text, `For ${this.#sum}. Your seats stay yours meanwhile.`, 'spin');
    this.#slow = setTimeout(() => {
      const words = box.querySelector('.pay-words');
      if (words) words.textContent = 'It takes longer than usual. Your seats stay yours meanwhile.';
    }, patienceMs);
    return box;
  }

  #waiting(action: BuyerAction | undefined): Child[] {
    if (action?.kind === 'client-secret') {
      announce('This page does not carry the form of the payment provider.');
      const docs = el('a', { href: '/docs/sockets#bookings:checkout' }, 'How it goes on: bookings:checkout');
      const words = 'The payment was begun, but this page does not carry the form of the payment provider.';
      return [status('Goes on elsewhere', words, 'rest', docs), el('div', { class: 'pay-away' }, this.#away)];
    }
    const { url = '' } = action ?? {};
    const isThere = action?.kind === 'redirect' && isWebAddress(url);
    const link =
      isThere && el('a', { class: 'button button-primary button-wide', href: url }, 'Go to your bank');
    announce('Waiting for your bank.');
    const words = isThere
      ? 'Your bank wants to hear from you first.'
      : 'It has not decided yet. Once it says yes, your seats are booked, even if you leave this page.';
    return [status('Waiting for your bank', words, 'pulse'), link];
  }

  async #giveUp(): Promise<void> {
    this.#away.disabled = true;
    await this.#checkout.giveUp(this.#hold);
    this.#away.disabled = false;
  }
}

function status(title: string, words: string, motion: 'spin' | 'pulse' | 'rest', more?: Child): HTMLElement {
  return el(
    'div',
    { class: 'pay-status' },
    motion === 'rest'
      ? icon('lock')
      : el('span', { class: 'pay-mark', 'data-motion': motion, 'aria-hidden': 'true' }),
    el('div', {}, el('strong', { class: 'pay-state' }, title), el('p', { class: 'pay-words' }, words), more),
  );
}
