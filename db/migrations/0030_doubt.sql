-- Why the program cannot be sure what a mail is, or whose: then a person decides on it.

alter table public.customer_interactions
  add column doubt text,
  add constraint customer_interactions_doubt_check
    check (doubt in ('looks_automatic', 'contact_form', 'colleague', 'partly_read', 'same_number'));
comment on column public.customer_interactions.doubt is 'Why a person must look whatever it says: looks_automatic (by its wording or sender alone), contact_form (the shop''s own form wrote it), colleague (from the shop''s own domain), partly_read (too large or too nested to be read whole), same_number (another mail came under its Message-ID). Null without doubt.';
