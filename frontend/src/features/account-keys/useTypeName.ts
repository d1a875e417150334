import { useQuery } from "@tanstack/react-query";
import { instanceQuery } from "@/api/instance";

/** Tells the name of an account key type: which there are, the server knows. */
export function useTypeName(): (type: string) => string {
  const { data: instance } = useQuery(instanceQuery);
  return (type) => instance?.accountKeyTypes.find(({ id }) => id === type)?.name ?? (instance ? type : "");
}
