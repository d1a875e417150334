import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";

/** While a page's code or its first data is on the way, and it takes long enough to notice. */
export function PagePending() {
  return (
    <Card>
      <Skeleton rows={6} tall />
    </Card>
  );
}
