-- By which messenger somebody wished the code of this round; NULL: by whichever. A code that comes by VK proves no number.
ALTER TABLE confirmations ADD COLUMN messenger TEXT CHECK (messenger IS NULL
    OR (channel = 'phone' AND messenger IN ('telegram', 'whatsapp', 'vk', 'log') AND (purpose <> 'phone' OR messenger <> 'vk')));
