"""How often the report of an experiment errs: experiments whose truth is known, many salts."""
