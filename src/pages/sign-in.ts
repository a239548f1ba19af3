/** The sign-in dialog and the account corner of the page header. */
import { Problem } from './api.ts';
import { el, fill, icon } from './dom.ts';
import type { Session } from './session.ts';

/** Shows who is signed in, with the way in or out; only whoever sells is shown the way to the pages about that. */
export function showAccount(place: HTMLElement, session: Session): void {
  const show = () => {
    const user = session.current?.user;
    const sells = user?.role === 'organizer' || user?.role === 'admin';
    document.querySelector<HTMLElement>('.site-nav')?.setAttribute('data-sells', `${sells}`);
    if (!user) {
      const button = el(
        'button',
        { class: 'button button-quiet', type: 'button', id: 'sign-in-button' },
        'Sign in',
      );
      button.addEventListener('click', () => void askToSignIn(session));
      return fill(place, button);
    }
    const button = el(
      'button',
      { class: 'button button-quiet', type: 'button', id: 'sign-out-button' },
      'Sign out',
    );
    button.addEventListener('click', () => void session.signOut());
    const initial = el(
      'span',
      { class: 'avatar', 'aria-hidden': 'true' },
      user.name.trim().charAt(0).toUpperCase(),
    );
    const name = el('span', { class: 'account-name', id: 'account-name', title: user.email }, user.name);
    const own = el('a', { class: 'account-link', href: '/bookings', title: 'My bookings' }, initial, name);
    own.append(el('span', { class: 'visually-hidden' }, ', my bookings'));
    fill(place, own, button);
  };
  session.on('changed', show);
  show();
}

/**
 * @param reason why now, such as "to keep row 4, seat 12 for you"
 * @returns whether somebody is signed in afterwards
 */
export function askToSignIn(session: Session, reason = ''): Promise<boolean> {
  let isNew = false;
  const dialog = el('dialog', { class: 'dialog', id: 'sign-in', 'aria-labelledby': 'sign-in-title' });
  const title = el('h2', { id: 'sign-in-title' });
  const error = el('p', { class: 'form-error', role: 'alert', id: 'sign-in-error' });
  const name = field('Your name', { name: 'name', autocomplete: 'name', maxlength: 100 });
  const email = field('E-mail', {
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    required: true,
    autofocus: true,
  });
  const password = field('Password', { name: 'password', type: 'password', required: true, maxlength: 128 });
  const submit = el('button', { class: 'button button-primary button-wide', type: 'submit' });
  const tabs = [false, true].map((makesNew) => {
    const label = makesNew ? 'Create account' : 'Sign in';
    const tab = el(
      'button',
      { class: 'tab', type: 'button', 'data-tab': makesNew ? 'register' : 'login' },
      label,
    );
    tab.addEventListener('click', () => {
      isNew = makesNew;
      show();
    });
    return tab;
  });
  const form = el('form', { class: 'form' }, name.row, email.row, password.row, error, submit);
  const close = el(
    'button',
    { class: 'icon-button dialog-close', type: 'button', 'aria-label': 'Close' },
    icon('close'),
  );
  close.addEventListener('click', () => dialog.close());

  const show = () => {
    title.textContent = isNew ? 'Create your account' : 'Welcome back';
    submit.textContent = isNew ? 'Create account' : 'Sign in';
    name.row.hidden = !isNew;
    name.input.required = isNew;
    password.input.autocomplete = isNew ? 'new-password' : 'current-password';
    password.input.minLength = isNew ? 10 : 1;
    password.hint.textContent = isNew ? 'At least 10 characters.' : '';
    error.textContent = '';
    tabs.forEach((tab, at) => {
      tab.setAttribute('aria-pressed', `${isNew === (at === 1)}`);
    });
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    error.textContent = '';
    submit.disabled = true;
    try {
      if (isNew)
        await session.register(name.input.value.trim(), email.input.value.trim(), password.input.value);
      else await session.signIn(email.input.value.trim(), password.input.value);
      dialog.close();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const field = problem.details['field'];
      error.textContent = typeof field === 'string' ? `${problem.message} (${field})` : problem.message;
    } finally {
      submit.disabled = false;
    }
  });

  dialog.append(
    close,
    title,
    reason === '' ? '' : el('p', { class: 'dialog-lead' }, reason),
    el('div', { class: 'tabs' }, ...tabs),
    form,
  );
  document.body.append(dialog);
  show();
  dialog.showModal();
  email.input.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(session.current !== undefined);
    });
  });
}

function field(label: string, attributes: Record<string, string | number | boolean>) {
  const input = el('input', { class: 'input', ...attributes });
  const hint = el('span', { class: 'hint' });
  return {
    input,
    hint,
    row: el('label', { class: 'field' }, el('span', { class: 'field-label' }, label), input, hint),
  };
}
