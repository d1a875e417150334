import * as z from "zod";

// Zod would try `new Function`, which the content security policy refuses and reports. Everybody imports it from here.
z.config({ jitless: true });

export { z };
